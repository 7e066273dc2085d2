"""The agreement of the best workers with the others, as a measure of what a batch can be sure of.

Where a question has one answer, the workers who agree most with others agree almost always. The
answers that differ come from careless workers, whom a rule outvotes. Where a question is ambiguous,
or many workers share an error, even the best workers often differ from the rest. Then the result is
in doubt, however sure a model of independent mistakes is.

The workers are chosen by one half of the tasks, and their agreement is measured on the other half.
So a lucky worker is not taken for a good one. An answer never counts for itself: it is compared
with the other answers to its task, each weighted by its worker's skill.
"""

from dataclasses import dataclass

import numpy as np

from gateway.qa.estimation.draws import uniform
from gateway.qa.port import TIE, Answers, Flags, Floats

HALF = 0.5  # The share of the tasks whose answers choose the workers that the others judge.
BEST = 0.25  # The share of the answers that the best workers gave.
SKILL_MAX, ABOVE_CHANCE_MIN = 0.97, 0.02  # They bound the weight of a vote.
# An agreement in few answers is drawn towards a usual one.
AGREEING_BEFORE, ANSWERS_BEFORE = 0.7, 3.0


@dataclass(frozen=True, slots=True)
class BestAgreement:
    """The share of answers of the best workers that agree with the rest, of `answers` answers."""

    share: float
    answers: int


def agreement_of_best(answers: Answers, skill: Floats) -> BestAgreement:
    """Return how often the best workers agree with the other answers to the same tasks.

    `skill` is the chance per worker that an answer of hers is right.
    """
    agreeing, compared = _with_the_rest(answers, skill)
    upper = (uniform(answers.tasks, 0, 1)[:, 0] < HALF)[answers.task]
    found = [
        _of_chosen(answers, agreeing, compared & (upper == side), compared & (upper != side))
        for side in (False, True)
    ]
    hits, seen = sum(one for one, _ in found), sum(every for _, every in found)
    share = (hits + ANSWERS_BEFORE * AGREEING_BEFORE) / (seen + ANSWERS_BEFORE)
    return BestAgreement(share, int(seen))


def _with_the_rest(answers: Answers, skill: Floats) -> tuple[Floats, Flags]:
    """Return per answer its agreement with the leading option of the others, and if there are any.

    Where options lead together, an answer for one of them agrees in part.
    """
    options, places = len(answers.options), np.arange(len(answers))
    bounded = np.clip(skill, 1.0 / options + ABOVE_CHANCE_MIN, SKILL_MAX)
    weight = np.log(bounded * (options - 1) / (1.0 - bounded))[answers.worker]
    cells = answers.task * options + answers.option
    votes = np.bincount(cells, weight, len(answers.tasks) * options).reshape(-1, options)
    rest = votes[answers.task]
    rest[places, answers.option] -= weight
    leading = rest >= rest.max(1, keepdims=True) - TIE
    agreeing = leading[places, answers.option] / leading.sum(1)
    return agreeing, np.bincount(answers.task)[answers.task] > 1


def _of_chosen(
    answers: Answers, agreeing: Floats, choosing: Flags, judging: Flags
) -> tuple[float, float]:
    """Choose the best workers by some answers, and return the agreeing and all of their others."""
    workers = len(answers.workers)

    def total(of: Floats, taken: Flags) -> Floats:
        return np.bincount(answers.worker[taken], of[taken], workers).astype(np.float64)

    every = np.ones(len(answers))
    hits, given = total(agreeing, choosing), total(every, choosing)
    judged_hits, judged = total(agreeing, judging), total(every, judging)
    score = (hits + ANSWERS_BEFORE * AGREEING_BEFORE) / (given + ANSWERS_BEFORE)
    order = np.argsort(-score)
    reached = np.cumsum(judged[order])
    if not len(reached) or not reached[-1]:
        return 0.0, 0.0
    # Workers with equal scores are taken together, so that no order of names decides.
    last = float(score[order][reached >= BEST * reached[-1]].max())
    best = score >= last - TIE
    return float(judged_hits[best].sum()), float(judged[best].sum())
