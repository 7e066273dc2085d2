"""The trust in a model, learned from gold and from its agreement with workers.

A model is one more annotator with a confusion matrix, but one that saw every task and that no
worker checks. So it begins with no weight. Its matrix is learned with the workers' evidence held
fixed: whatever a model predicts, it never changes what is believed of a worker, and a wrong or an
adversarial model only loses its own weight. What few tasks seem to show is discounted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gateway.qa.port import Codes, Estimate, Flags, Floats
from gateway.qa.skills.skill import PREDICTION_CLEAR

NO_PREDICTION = -1
"""The code of a task without a prediction."""
PRIOR_ANSWERS = 1.0
"""The imaginary tasks of every class in which the model guessed."""
CAUTION = 0.4
"""The standard deviations by which the chance to be right is lowered."""
RIGHT_MAX = 0.95
"""The greatest chance with which a prediction is believed. No prediction decides a task alone."""
_TASKS_SHOWN = 1.0
_ROUNDS, _CONTENT = 60, 1e-4


JudgedBeside: TypeAlias = Callable[[Floats | None], Estimate]
"""The estimate of a batch, with log likelihoods of each task's options from elsewhere or without.
"""


@dataclass(frozen=True, slots=True, eq=False)
class ModelTrust:
    """The measured skill of a model.

    `confusion[k, o]` is the cautious chance that it predicts `o` where the truth is `k`, and
    `counts[k, o]` are the expected tasks behind it.
    """

    confusion: Floats
    counts: Floats

    @property
    def right(self) -> float:
        """Return the measured share of right predictions, without caution. It is 0 of none."""
        total = float(self.counts.sum())
        return float(np.trace(self.counts)) / total if total else 0.0

    @property
    def right_of(self) -> list[float | None]:
        """Return the measured share of right predictions per true option, None of no task."""
        rows = self.counts.sum(1)
        return [
            float(self.counts[k, k] / row) if row >= _TASKS_SHOWN else None
            for k, row in enumerate(rows)
        ]

    @property
    def tasks(self) -> float:
        """Return the number of tasks from which the skill was learned."""
        return float(self.counts.sum())

    def evidence(self, predicted: Codes) -> Floats:
        """Return what each prediction says of each option: log likelihoods, 0 for no prediction."""
        rows = np.log(self.confusion).T[predicted]
        rows -= rows.mean(1, keepdims=True)
        return np.where((predicted == NO_PREDICTION)[:, None], 0.0, rows)


def trust_of(confusion: Sequence[Sequence[float]], counts: Sequence[Sequence[float]]) -> ModelTrust:
    """Return the trust with these matrices, as they were stored."""
    return ModelTrust(np.array(confusion, np.float64), np.array(counts, np.float64))


def untrusted(options: int) -> ModelTrust:
    """Return the trust in a model of which nothing is known: its predictions say nothing."""
    return ModelTrust(np.full((options, options), 1.0 / options), np.zeros((options, options)))


def learned(workers: Floats, predicted: Codes) -> ModelTrust:
    """Learn how often a model is right, per class.

    `workers[t, k]` is the chance of the option `k` of task `t` as its workers or its gold show it,
    without the model. `predicted[t]` is the code of the prediction.
    """
    options = workers.shape[1]
    known = predicted != NO_PREDICTION
    if not known.any():
        return untrusted(options)
    likely, said = workers[known], predicted[known]
    one_hot = np.eye(options)[said]
    confusion = np.full((options, options), 1.0 / options)
    counts = likely.T @ one_hot
    for _ in range(_ROUNDS):
        before = confusion
        confusion = (counts + PRIOR_ANSWERS / options) / (counts.sum(1, keepdims=True) + PRIOR_ANSWERS)  # fmt: skip
        posterior = likely * confusion[:, said].T
        posterior /= posterior.sum(1, keepdims=True)
        counts = posterior.T @ one_hot
        if np.abs(confusion - before).max() < _CONTENT:
            break
    return ModelTrust(_cautious(confusion, likely, said), counts)


def _cautious(confusion: Floats, likely: Floats, said: Codes) -> Floats:
    """Return the matrix with each class's chance to be right lowered by what is not known yet.

    An unclear task shows little about the model, so that its weight is its information: the square
    of how far the workers' belief in an option lies from chance.
    """
    options = len(confusion)
    chance = 1.0 / options
    clear = np.clip((likely - chance) / (1.0 - chance), 0.0, 1.0) ** 2
    shown = clear.sum(0) + PRIOR_ANSWERS
    right = np.diag(confusion)
    low = right - CAUTION * np.sqrt(right * (1.0 - right) / shown + 0.25 / shown**2)
    low = np.clip(low, chance, RIGHT_MAX)
    # The mistakes are spread evenly. Which of them a model prefers is believed of no crowd of few.
    same = np.eye(options)
    slip = (1.0 - low) / max(1, options - 1)
    return low[:, None] * same + slip[:, None] * (1.0 - same)


def blended(judged: JudgedBeside, predicted: Codes) -> tuple[Estimate, ModelTrust]:
    """Return the estimate of workers and model together, and the trust in the model.

    `judged` estimates the tasks with further evidence beside the answers. The skill of the model is
    learned from the workers alone, then once more with what its trust adds to their skills: its own
    evidence is taken out of each task again, so that a model never vouches for itself.
    """
    trust = learned(judged(None).posterior, predicted)
    beside = trust.evidence(predicted)
    posterior = judged(beside).posterior * np.exp(-beside)
    trust = learned(posterior / posterior.sum(1, keepdims=True), predicted)
    return judged(trust.evidence(predicted)), trust


def speaks_for(evidence: Floats, leader: Codes) -> Flags:
    """Return where a prediction clearly speaks for the leading option.

    There one answer of a worker may be enough.
    """
    rows = np.arange(len(leader))
    others = evidence.copy()
    others[rows, leader] = -np.inf
    return evidence[rows, leader] - others.max(1) >= PREDICTION_CLEAR


def code_of(predicted: str | None, options: Sequence[str]) -> int | None:
    """Return the code of a prediction, or None where there is none or it is no option."""
    return options.index(predicted) if predicted is not None and predicted in options else None


def combined(
    result: tuple[str, float], options: Sequence[str], evidence: Floats
) -> tuple[str, float]:
    """Return the value and the confidence of a result together with a prediction.

    What the confidence leaves open is shared by the other options.
    """
    value, sure = result
    if value not in options:
        return result
    rest = (1.0 - sure) / max(1, len(options) - 1)
    chances = np.array([sure if option == value else rest for option in options])
    chances = np.maximum(chances, 1e-9) * np.exp(evidence)
    chances /= chances.sum()
    best = int(chances.argmax())
    return options[best], float(chances[best])


def predicted_codes(
    tasks: Sequence[str], options: Sequence[str], predictions: Mapping[str, str]
) -> Codes:
    """Return the code of each task's prediction. A prediction that is no option is none."""
    codes = {option: code for code, option in enumerate(options)}
    return np.array([codes.get(predictions.get(task, ""), NO_PREDICTION) for task in tasks], np.intp)  # fmt: skip
