"""A whole batch of answers with options: values, confidences one can rely on, a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gateway.qa import rule
from gateway.qa.calibration import Calibration, Usual, calibration
from gateway.qa.certificate import Certificate, TooLittleGold, certificate
from gateway.qa.overlap import SKILL_MAX
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Flags, Floats, gold_codes
from gateway.qa.shared_wrong import TWO, shared_wrong_temperature
from gateway.qa.skill import PRIOR_RIGHT, PRIOR_WRONG
from gateway.qa.sums import sums_of

# What batches with options are like. `bench.qa_left_out` fits it with each recorded crowd left out in turn, for
# the least squared error, since the largest errors do the harm.
USUAL = Usual(temperature=1.2)
AGREEING_MAX = 30  # More strangers who agree change nothing that could be seen.


@dataclass(frozen=True, slots=True, eq=False)
class BatchEstimate:
    """A rule's estimate, with `confidence` per task after `calibration`.

    `certificate` speaks of the tasks that are not gold. `tied` are the tasks, gold aside, where no option
    has more votes than all others: their value was decided by what is known of the workers.
    """

    estimate: Estimate
    confidence: Floats
    calibration: Calibration
    certificate: Certificate | TooLittleGold
    tied: tuple[str, ...]

    @property
    def checked(self) -> bool:
        """Whether any truth was known: otherwise confidences are what other batches were like."""
        return self.certificate.gold > 0


def aggregate(
    answers: Answers,
    method: str = "auto",
    gold: Mapping[str, str] | None = None,
    unaided: Estimate | None = None,
) -> BatchEstimate:
    """Aggregate by the rule of that name; gold teaches skills, calibrates and certifies.

    The rule is run once more without the gold, because only values found unaided say how right
    the others are; who has that estimate already may pass it as `unaided`.
    """
    chosen = rule(method)
    estimate = chosen.aggregate(answers, gold)
    truth = gold_codes(answers, gold)
    known = truth != UNKNOWN
    certified: Certificate | TooLittleGold = TooLittleGold(0)
    alone = estimate
    if known.any():
        alone = unaided or chosen.aggregate(answers)
        certified = _certified(answers, alone, truth)
    usual = usual_of(answers, alone)
    learnt = calibration(alone.posterior, np.bincount(answers.task), truth, usual=usual)
    confidence = np.where(known, 1.0, _confidence(answers, estimate, learnt))
    return BatchEstimate(estimate, confidence, learnt, certified, _tied(answers, known))


def usual_of(answers: Answers, estimate: Estimate, usual: Usual = USUAL) -> Usual:
    """Return what such a batch is like before any gold: its temperature grows as its mistakes agree."""
    agreeing = answers.option == _codes(answers, estimate)[answers.task]
    votes = sums_of(answers).votes()
    hotter = shared_wrong_temperature(votes, float(agreeing.mean()))
    return replace(usual, temperature=usual.temperature * hotter)


def _certified(
    answers: Answers, unaided: Estimate, truth: Codes
) -> Certificate | TooLittleGold:  # fmt: skip
    known = truth != UNKNOWN
    gold = int(known.sum())
    right = int((_codes(answers, unaided) == truth)[known].sum())
    return certificate(right, gold, len(known) - gold)


def _codes(answers: Answers, estimate: Estimate) -> Codes:
    """Return the option code of each task's value."""
    code = {option: number for number, option in enumerate(answers.options)}
    return np.array([code[value] for value in estimate.value], np.intp)


def _confidence(answers: Answers, estimate: Estimate, learnt: Calibration) -> Floats:
    """Return the chance of each task's value; a lone answer is never certain.

    Where every answer of the batch is the same, nothing is learnt of any worker: each answer then counts
    as that of a worker of whom nothing is known.
    """
    answers_per_task = np.bincount(answers.task)
    if estimate.posterior.shape[1] < TWO:
        odds = (PRIOR_RIGHT / PRIOR_WRONG) ** np.minimum(answers_per_task, AGREEING_MAX)
        confidence = odds / (1.0 + odds)
    else:
        confidence = learnt.apply(estimate.posterior, answers_per_task).max(1)
    lone = answers_per_task == 1
    return np.where(lone, np.minimum(confidence, SKILL_MAX), confidence)


def _tied(answers: Answers, known: Flags) -> tuple[str, ...]:
    votes = sums_of(answers).votes()
    leaders = (votes == votes.max(1, keepdims=True)).sum(1)
    return tuple(answers.tasks[task] for task in np.flatnonzero((leaders > 1) & ~known).tolist())
