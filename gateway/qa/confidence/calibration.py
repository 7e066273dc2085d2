"""The calibration of posteriors into reliable confidences.

Workers who read the same question make the same mistakes. So their answers are worth less than
independent ones, and posteriors that multiply them are too sure of themselves. Softening divides
the log-odds of a task by the design effect of its answers (Kish 1965). It is 1 + r (n - 1) for n
answers whose errors share r.

Two quantities differ from batch to batch and are learnt from its gold. One is a temperature on top
of that. The other is a lapse, which is a share of the questions. In a lapse the workers are as good
as guessing however sure they look: all of them are fooled, or the truth on file is wrong.

Fifty gold tasks leave both uncertain, so no single pair is picked. The confidence is the mean over
all pairs, weighted by how well each explains the gold. Without gold it is the mean over usual
batches. Their temperature lies around one that the caller derives from the batch itself
(`temperature_for`, with the share of right results that the best workers let expect, see
`gateway.qa.confidence.best_workers`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.qa.confidence.shared_error import SHARED_ERROR
from gateway.qa.port import UNKNOWN, Codes, Floats

TEMPERATURES = np.exp(np.linspace(-0.9, 2.25, 22))
LAPSES = np.array([0.0, 0.01, 0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 0.9])
UNHEARD_OF = 0.01  # The share of batches that resemble no earlier one: any lapse is as likely.
NEGLIGIBLE = 0.002  # The weight of a temperature that is not worth computing.
CHANCE_MIN = 1e-12
TASKS_LOOKED_AT = 5_000  # More tasks would not change the temperature of a batch.


@dataclass(frozen=True, slots=True)
class PriorExpectation:
    """The expectation of a batch before its gold is seen.

    Temperatures are log-normal around `temperature`, with `deviation`. `lapse` is the mean lapse.
    `shared_error` is what the errors of workers who read the same question share. Where a best
    worker differs from a single other one, the other is wrong in the share `lone_mistakes` of the
    cases beyond those in which the result is in doubt. The share falls with the number of others.
    """

    temperature: float = 1.1
    deviation: float = 0.35
    lapse: float = 0.03
    shared_error: float = SHARED_ERROR
    lone_mistakes: float = 0.2

    def right_at(self, agreement: float, others: float) -> float:
        """Return the share of right results to expect.

        The best workers agree with the rest in the share `agreement` of their answers. On average,
        `others` answers are the rest.
        """
        return 1.0 - (1.0 - agreement) * max(0.0, 1.0 - self.lone_mistakes / max(1.0, others))


USUAL = PriorExpectation()


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The weights over `TEMPERATURES` and `LAPSES`, which sum to 1.

    `guess` is the chance of each option in a lapse.
    """

    weights: Floats
    guess: Floats
    shared_error: float = SHARED_ERROR

    @property
    def temperature(self) -> float:
        """Return the mean temperature: above 1 where the workers are less sure than they look."""
        return float(np.exp(self.weights.sum(1) @ np.log(TEMPERATURES)))

    @property
    def lapse(self) -> float:
        """Return the mean share of questions about which agreement says nothing."""
        return float(self.weights.sum(0) @ LAPSES)

    def apply(self, posterior: Floats, answers_per_task: Codes) -> Floats:
        """Return the calibrated posteriors.

        Where a lapse is an even guess, the order of options never changes.
        """
        by_temperature = self.weights.sum(1)
        kept = np.flatnonzero(by_temperature > NEGLIGIBLE)
        scale = 1.0 / by_temperature[kept].sum()
        heeded = self.weights[kept] @ (1.0 - LAPSES) * scale
        log_odds = _softened_logs(posterior, answers_per_task, self.shared_error)
        calibrated = np.tile((1.0 - heeded.sum()) * self.guess, (len(posterior), 1))
        for temperature, weight in zip(TEMPERATURES[kept], heeded, strict=True):
            calibrated += weight * _probabilities(log_odds / temperature)
        return calibrated


def softened(posterior: Floats, answers_per_task: Codes) -> Floats:
    """Return the posteriors with the design effect taken out.

    The order of options never changes.
    """
    return _probabilities(_softened_logs(posterior, answers_per_task, SHARED_ERROR))


def calibration(
    posterior: Floats,
    answers_per_task: Codes,
    truth: Codes,
    guess: Sequence[float] = (),
    usual: PriorExpectation = USUAL,
) -> Calibration:
    """Return what gold says of a batch's confidences, or the usual calibration without gold.

    `posterior` must come from a rule that was not given the gold. `guess` is the chance of every
    option where the workers lapse. An empty one means that all are equally likely. `usual` is the
    expectation of such batches before their gold is seen.
    """
    known = np.flatnonzero(truth != UNKNOWN)
    options = posterior.shape[1]
    guessed = np.array(guess) if guess else np.full(options, 1.0 / options)
    log_odds = _softened_logs(posterior[known], answers_per_task[known], usual.shared_error)
    places = np.arange(len(known))
    log_weights = _log_prior(usual)
    for row, temperature in enumerate(TEMPERATURES):
        chance = _probabilities(log_odds / temperature)[places, truth[known]]
        heard = np.outer(1.0 - LAPSES, chance) + np.outer(LAPSES, guessed[truth[known]])
        log_weights[row] += np.log(np.maximum(heard, CHANCE_MIN)).sum(1)
    weights = np.exp(log_weights - log_weights.max())
    return Calibration(weights / weights.sum(), guessed, usual.shared_error)


def temperature_for(
    right: float, posterior: Floats, answers_per_task: Codes, usual: PriorExpectation
) -> float:
    """Return the temperature of a batch in which the share `right` of all results is right.

    With it, the mean confidence without gold is that share.
    """
    every = -(-len(posterior) // TASKS_LOOKED_AT)
    log_odds = _softened_logs(posterior[::every], answers_per_task[::every], usual.shared_error)
    sure = np.array([_probabilities(log_odds / t).max(1).mean() for t in TEMPERATURES])
    levels: list[float] = []
    for temperature in TEMPERATURES:
        weights = np.exp(_log_prior(replace(usual, temperature=float(temperature))))
        heeded = weights @ (1.0 - LAPSES) / weights.sum()
        levels.append(float(heeded @ sure + (1.0 - heeded.sum()) / posterior.shape[1]))
    # The hotter, the lower: the levels are read from the hottest on.
    found = np.interp(right, levels[::-1], np.log(TEMPERATURES)[::-1])
    return float(np.exp(found))


def _log_prior(usual: PriorExpectation) -> Floats:
    """Return the log weights before any gold.

    Lapses are exponential except for `UNHEARD_OF`.
    """
    off = np.log(TEMPERATURES / usual.temperature) / usual.deviation
    # Lapses are not evenly spaced: each stands for the stretch around it.
    lapses = (1.0 - UNHEARD_OF) * np.exp(-LAPSES / usual.lapse) / usual.lapse + UNHEARD_OF
    return -0.5 * off[:, None] ** 2 + np.log(lapses * np.gradient(LAPSES))[None, :]


def _softened_logs(posterior: Floats, answers_per_task: Codes, shared_error: float) -> Floats:
    effect = 1.0 + shared_error * (np.maximum(answers_per_task, 1) - 1)
    return np.log(np.maximum(posterior, CHANCE_MIN)) / effect[:, None]


def _probabilities(logarithms: Floats) -> Floats:
    weights = np.exp(logarithms - logarithms.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)
