"""Auto: a blend of all rules, weighted by what the batch can teach and by what they foresee.

No single model is best for every crowd, and the richer a model, the more answers it wants: a matrix per
worker cannot be learnt from three answers a task, nor from workers who gave five. So half of the
weights follows from the batch's shape: from majority over one coin to full matrices as answers
per task and per worker grow. The other half is learnt: each candidate is rehearsed with a fifth of the
answers hidden, and gets what the mixture that best foresees them gives it (stacking). Gold, where
there is some, counts among the hidden facts. Matrices that foresee less than one coin lose their
place in the first half, too.

A majority that is tied has no vote left in the blend, and any breath of a richer model would
decide. But it breaks its ties by how often the voters agree with others elsewhere, and where
answers are few that is right more often than the models: so it speaks for its choice, though softly.

Two things hand the batch back to majority: gold on which majority does better than the blend
beyond luck, and a blend that contradicts majority so often that it looks like a collapse.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa import rule
from gateway.qa.em import logs, posteriors
from gateway.qa.holdout import foreseen, sample, split
from gateway.qa.port import TIE, UNKNOWN, Answers, Codes, Estimate, Floats, decide, gold_codes

CANDIDATES = ("majority", "one_coin", "dawid_skene", "ibcc")
# Answers at which half of the weight has moved on: per task and per worker and option to matrices, per
# worker and per task from majority to one coin. One answer a task teaches nothing about workers, and
# two that differ nothing about who erred, so answers a task count from `ALONE` and `PAIRED` on. Chosen
# on recorded crowds, whole and thinned to 2, 3 and 5 answers a task, and on made-up ones
# (docs/benchmarks.md).
MATRIX_TASK_ANSWERS, MATRIX_ROW_ANSWERS, COIN_ANSWERS, COIN_TASK_ANSWERS = 4.0, 1.0, 20.0, 0.5
ALONE, PAIRED = 1.0, 1.5
LEARNT_SHARE_MAX = 0.5
LEARNT_FACTS = 100.0  # hidden answers at which half of that share is used
PRIOR_FACTS = 10.0  # hidden answers that the shape's weights count for in the learnt ones
GOLD_WEIGHT = 10.0  # hidden answers that one gold task counts for
ROUNDS = 50
# Share of a tie's chance that goes to the option majority breaks it for. With .65 pairs still lose up to half a point
# to majority somewhere, with .75 the models lose what they win on skewed crowds of pairs.
TIE_BROKEN = 0.7
FORESEEN_MIN = 1e-6  # one surprise must not rule a candidate out
CONTRADICTED_MAX = 0.35  # share of tasks; real crowds stay below 0.21
LUCK = 1.645  # one-sided 95 % of a sign test


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Blend the candidates. See `gateway.qa.port.Rule`."""
    weights = _rehearse(answers, gold_codes(answers, gold))
    if weights is None:
        return rule("majority").aggregate(answers, gold)
    estimates = _estimates(answers, gold, start)
    majority = estimates[0]
    opinions = [_ties_broken(answers, majority), *(one.posterior for one in estimates[1:])]
    blend = decide(
        answers,
        _pooled(weights, opinions, gold_codes(answers, gold)),
        np.tensordot(weights, [estimate.confusion for estimate in estimates], 1),
    )
    contradicted = np.mean(
        [one != other for one, other in zip(blend.value, majority.value, strict=True)]
    )
    return majority if contradicted > CONTRADICTED_MAX else blend


def _estimates(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> list[Estimate]:
    """What each candidate says, in their order."""
    estimates: list[Estimate] = []
    for name in CANDIDATES:
        # The variational rule is Dawid-Skene with doubts: it begins where that one has arrived.
        begin = estimates[-1].posterior if name == "ibcc" else start
        estimates.append(rule(name).aggregate(answers, gold, begin))
    return estimates


def _rehearse(answers: Answers, truth: Codes) -> Floats | None:
    """Weight per candidate; None when gold says that majority does better than their blend."""
    chosen = sample(answers, truth != UNKNOWN)
    answers, truth = answers.of_tasks(chosen), truth[chosen]
    shown, hidden = split(answers)
    rehearsed = _estimates(shown)
    weights = _weights(rehearsed, answers, hidden, truth)
    blend = np.tensordot(weights, [estimate.posterior for estimate in rehearsed], 1)
    doubtful = _gold_prefers_majority(blend, rehearsed[0].posterior, truth)
    return None if doubtful else weights


def _ties_broken(answers: Answers, majority: Estimate) -> Floats:
    """Majority's posterior, but of the chance of tied options `TIE_BROKEN` goes to the one that was chosen."""
    columns = majority.posterior.T
    tied_at = columns >= majority.confidence - TIE
    tied = np.flatnonzero(tied_at.sum(0) > 1)
    if not len(tied):
        return majority.posterior
    code = {option: number for number, option in enumerate(answers.options)}
    chosen = np.array([code[majority.value[task]] for task in tied.tolist()])
    finalists = tied_at[:, tied].T
    posterior = majority.posterior.copy()
    chance = np.where(finalists, posterior[tied], 0.0).sum(1)
    others = (1.0 - TIE_BROKEN) * chance / (finalists.sum(1) - 1)
    rows = np.where(finalists, others[:, None], posterior[tied])
    rows[np.arange(len(tied)), chosen] = TIE_BROKEN * chance
    posterior[tied] = rows
    return posterior


def _pooled(weights: Floats, opinions: list[Floats], truth: Codes) -> Floats:
    """The candidates' posteriors pooled: their mixture says what is true, their logarithms how surely.

    In a mixture one modest voice caps all others, which would make sure tasks look doubtful; where
    the two would choose differently the task is torn, and the mixture stands.
    """
    mixed = np.tensordot(weights, opinions, 1)
    logarithms = sum(
        (w * logs(opinion) for w, opinion in zip(weights, opinions, strict=True)),
        np.zeros_like(mixed),
    )
    pooled = posteriors(logarithms, truth)
    torn = pooled.argmax(1) != mixed.argmax(1)
    pooled[torn] = mixed[torn]
    return pooled


def _by_shape(answers: Answers, matrices_hold: float = 1.0) -> Floats:
    """Weight per candidate from how many answers there are per task, worker and option.

    `matrices_hold` (0..1] is what is left of the matrices' weight after the rehearsal.
    """
    per_task = len(answers) / len(answers.tasks)
    per_worker = len(answers) / len(answers.workers)
    per_row = per_worker / len(answers.options)
    matrices = _share(per_task - ALONE, MATRIX_TASK_ANSWERS)
    matrices *= _share(per_row, MATRIX_ROW_ANSWERS) * matrices_hold
    coin = (1.0 - matrices) * _share(per_worker, COIN_ANSWERS)
    coin *= _share(per_task - PAIRED, COIN_TASK_ANSWERS)
    return np.array([1.0 - matrices - coin, coin, matrices / 2.0, matrices / 2.0])


def _share(answers: float, half: float) -> float:
    """0 without answers, a half at `half`, towards 1."""
    return max(0.0, answers) / (max(0.0, answers) + half)


def _matrices_hold(chances: Floats) -> float:
    """1 where matrices foresee hidden answers as well as one coin does, less the more surely they do worse.

    Matrices learnt from noise are sure of themselves and lose points in small crowds that are not good; there they
    foresee less than one coin does. exp(z) of the mean gap, z its distance from 0 in standard errors.
    """
    if chances.shape[1] < 2:  # noqa: PLR2004  # a standard error wants two
        return 1.0
    _, coin, dawid_skene, ibcc = chances
    gap = np.log((dawid_skene + ibcc) / 2.0) - np.log(coin)
    spread = float(gap.std()) * len(gap) ** 0.5
    return float(np.exp(min(0.0, gap.sum() / max(spread, TIE))))


def _weights(rehearsed: list[Estimate], answers: Answers, hidden: Codes, truth: Codes) -> Floats:
    """Weight per candidate, summing to 1: the stacking mixture by EM, drawn towards the batch's shape."""
    known = np.flatnonzero(truth != UNKNOWN)
    chances = np.stack(
        [
            np.concatenate((foreseen(e, answers, hidden), e.posterior[known, truth[known]]))
            for e in rehearsed
        ]
    )
    chances = np.maximum(chances, FORESEEN_MIN)
    shape = _by_shape(answers, _matrices_hold(chances[:, : len(hidden)]))
    facts = np.concatenate((np.ones(len(hidden)), np.full(len(known), GOLD_WEIGHT)))
    count = float(facts.sum())
    weights = shape
    for _ in range(ROUNDS):
        share = chances * weights[:, None]
        share /= share.sum(0)
        weights = (share @ facts + PRIOR_FACTS * shape) / (count + PRIOR_FACTS)
    learnt = LEARNT_SHARE_MAX * count / (count + LEARNT_FACTS)
    return (1.0 - learnt) * shape + learnt * weights


def _gold_prefers_majority(blend: Floats, majority: Floats, truth: Codes) -> bool:
    known = np.flatnonzero(truth != UNKNOWN)
    blend_right = blend[known].argmax(1) == truth[known]
    majority_right = majority[known].argmax(1) == truth[known]
    lost = int((majority_right & ~blend_right).sum())
    won = int((blend_right & ~majority_right).sum())
    return bool(lost - won > LUCK * np.sqrt(lost + won))
