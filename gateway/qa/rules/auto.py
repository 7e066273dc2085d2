"""The rule auto: a blend of four rules.

They are weighted by what the batch can teach and by how far they agree. No single model is best for
every crowd. The richer a model, the more answers it needs. A matrix per worker cannot be learnt
from three answers per task, nor from workers who gave five. So weights follow from the batch's
shape. As answers per task and per worker grow, the weight moves from majority over one coin to
matrices, and in rich batches to the model that knows kinds of questions.

A model that contradicts majority on many tasks has mostly gone astray: classes were swapped, or a
clique that errs together is believed. Its weight falls with the square of that share. So it can
change the tasks where the votes are close and the other models agree, and cannot turn the batch
around.

A majority that is tied has no vote left in the blend, and any slight belief of a richer model would
decide. But majority breaks its ties by how often the voters agree with others elsewhere. Where
answers are few, that is right more often than the models. So it counts for its choice, though
weakly.

Gold decides between the rules as far as it tells them apart. Every weight is multiplied by the
chance that the rule, without the gold, gave to the truths. Gold on which majority does better than
the blend beyond luck hands the batch back to majority. So does a blend that contradicts majority so
often that it looks like a collapse, unless there is enough gold to judge it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from gateway.qa import rule
from gateway.qa.estimation.em import logs, posteriors
from gateway.qa.port import (
    TIE,
    UNKNOWN,
    Answers,
    Codes,
    Estimate,
    Floats,
    gold_codes,
    read_posterior,
)

CANDIDATES = ("majority", "one_coin", "ibcc", "ebcc")
# One answer per task teaches nothing about workers. Two that differ teach nothing about which one
# erred. So answers per task count from here on.
ALONE, PAIRED = 1.0, 1.5
CONTRADICTED_MAX = 0.35  # The share of tasks. Real crowds stay below 0.21.
# Posteriors are too sure of themselves, so half of what they say of gold is believed.
GOLD_POWER = 0.5
FORESEEN_MIN = 0.02  # One wrong truth on file must not rule a candidate out.
LUCK = 1.645  # This is one-sided 95 % of a sign test.
# The number of tasks. With fewer, a blend that contradicts majority too often is a collapse.
GOLD_DECIDES = 25


@dataclass(frozen=True, slots=True)
class Constants:
    """The numbers that shape the blend.

    `bench.qa_left_out` fits them with each recorded crowd left out. `majority` and `ebcc` are
    weights, while one coin and independent matrices weigh 1. `rich` is the further weight of the
    rule `ebcc` where one coin and matrices can both be learnt well, so that it decides in rich
    batches and not in thin ones. A model that contradicts majority on
    the share `contradicted` of the tasks keeps 37 % of its weight. `matrix_task` and `matrix_cell`
    are the answers per task and per free number of a worker's matrix at which matrices have half of
    their weight. `coin_task` and `coin_worker` are those per task and per worker for one coin.
    `tie_broken` is the share of a tie's chance that goes to the option for which majority breaks
    it.
    """

    majority: float = 0.35
    ebcc: float = 1.5
    rich: float = 100.0
    contradicted: float = 0.3
    matrix_task: float = 4.0
    matrix_cell: float = 8.0
    coin_task: float = 0.5
    coin_worker: float = 20.0
    tie_broken: float = 0.7


CONSTANTS = Constants()
_known: WeakKeyDictionary[Answers, list[Estimate]] = WeakKeyDictionary()


def aggregate(
    answers: Answers,
    gold: Mapping[str, str] | None = None,
    start: Floats | None = None,
    *,
    constants: Constants = CONSTANTS,
) -> Estimate:
    """Blend the candidates.

    See `gateway.qa.port.Rule`.
    """
    truth = gold_codes(answers, gold)
    taught = bool((truth != UNKNOWN).any())
    estimates = _untaught(answers, keep=taught, start=start)
    weights = weighted(answers, estimates, constants)
    if taught:
        weights = _by_gold(weights, estimates, truth)
        found = blended(answers, estimates, weights, constants)
        if _gold_prefers_majority(found.posterior, estimates[0].posterior, truth):
            return rule("majority").aggregate(answers, gold)
        estimates = candidates(answers, gold, start)
    return blended(answers, estimates, weights, constants, truth)


def _untaught(answers: Answers, *, keep: bool, start: Floats | None) -> list[Estimate]:
    """Return each candidate's estimate without gold, computed once for all trials of gold."""
    found = None if start is not None else _known.get(answers)
    if found is None:
        found = candidates(answers, start=start)
        if keep and start is None:
            _known[answers] = found
    return found


def candidates(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> list[Estimate]:
    """Return each candidate's estimate, in their order."""
    return [rule(name).aggregate(answers, gold, start) for name in CANDIDATES]


def weighted(
    answers: Answers, estimates: Sequence[Estimate], constants: Constants = CONSTANTS
) -> Floats:
    """Return the weight of each candidate, from the batch's shape and the candidates' agreement."""
    coin, matrices = _by_shape(answers, constants)
    both = coin * matrices
    kinds = constants.ebcc * np.sqrt(both) + constants.rich * both**3
    shape = np.array([constants.majority, coin, matrices, kinds])
    apart = np.array([_contradicted(one, estimates[0]) for one in estimates])
    weights = shape * np.exp(-((apart / constants.contradicted) ** 2))
    return weights / weights.sum()


def blended(
    answers: Answers,
    estimates: Sequence[Estimate],
    weights: Floats,
    constants: Constants = CONSTANTS,
    truth: Codes | None = None,
) -> Estimate:
    """Return the candidates pooled with these weights.

    Return majority where the blend looks like a collapse.
    """
    majority = estimates[0]
    known = np.full(len(answers.tasks), UNKNOWN) if truth is None else truth
    opinions = [
        _ties_broken(answers, majority, constants.tie_broken),
        *(one.posterior for one in estimates[1:]),
    ]
    blend = read_posterior(
        answers,
        _pooled(weights, opinions, known),
        np.tensordot(weights, [estimate.confusion for estimate in estimates], 1),
    )
    if int((known != UNKNOWN).sum()) >= GOLD_DECIDES:
        return blend
    return majority if _contradicted(blend, majority) > CONTRADICTED_MAX else blend


def _contradicted(one: Estimate, majority: Estimate) -> float:
    """Return the share of the tasks that have another value."""
    return float(np.mean([a != b for a, b in zip(one.value, majority.value, strict=True)]))


def _by_shape(answers: Answers, constants: Constants) -> tuple[float, float]:
    """Return what one coin and what matrices can learn, 0..1.

    It depends on the answers per task and per worker.
    """
    per_task = len(answers) / len(answers.tasks)
    per_worker = len(answers) / len(answers.workers)
    options = len(answers.options)
    per_cell = per_worker / max(1, options * (options - 1))
    overlap = _share(per_task - PAIRED, constants.coin_task)
    coin = _share(per_worker, constants.coin_worker) * overlap
    matrices = _share(per_task - ALONE, constants.matrix_task)
    return coin, matrices * _share(per_cell, constants.matrix_cell) * overlap


def _share(answers: float, half: float) -> float:
    """Return 0 without answers, a half at `half`, and almost 1 for many."""
    return max(0.0, answers) / (max(0.0, answers) + half)


def _by_gold(weights: Floats, estimates: Sequence[Estimate], truth: Codes) -> Floats:
    """Return the weights times the chance that each candidate gave to the truths.

    The candidates were not given the gold.
    """
    known = np.flatnonzero(truth != UNKNOWN)
    said = np.array([one.posterior[known, truth[known]] for one in estimates])
    evidence = GOLD_POWER * np.log(np.maximum(said, FORESEEN_MIN)).sum(1)
    heard = weights * np.exp(evidence - evidence.max())
    return heard / heard.sum()


def _ties_broken(answers: Answers, majority: Estimate, share: float) -> Floats:
    """Return majority's posterior, with `share` of the chance of tied options on its choice."""
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
    others = (1.0 - share) * chance / (finalists.sum(1) - 1)
    rows = np.where(finalists, others[:, None], posterior[tied])
    rows[np.arange(len(tied)), chosen] = share * chance
    posterior[tied] = rows
    return posterior


def _pooled(weights: Floats, opinions: Sequence[Floats], truth: Codes) -> Floats:
    """Return the candidates' posteriors pooled.

    Their mixture decides the value, and their logarithms the confidence. In a mixture one modest
    candidate caps all others, which would make sure tasks look doubtful. Where the two would choose
    differently the task is torn, and the mixture stands.
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


def _gold_prefers_majority(blend: Floats, majority: Floats, truth: Codes) -> bool:
    known = np.flatnonzero(truth != UNKNOWN)
    blend_right = blend[known].argmax(1) == truth[known]
    majority_right = majority[known].argmax(1) == truth[known]
    lost = int((majority_right & ~blend_right).sum())
    won = int((blend_right & ~majority_right).sum())
    return bool(lost - won > LUCK * np.sqrt(lost + won))
