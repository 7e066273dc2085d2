"""A whole batch of answers with options: values, confidences one can rely on, a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.qa import rule
from gateway.qa.calibration import Calibration, calibration, usual_confidence
from gateway.qa.certificate import Certificate, TooLittleGold, certificate
from gateway.qa.expected import expected_accuracy
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Flags, Floats, gold_codes
from gateway.qa.skill import PRIOR_RIGHT, PRIOR_WRONG
from gateway.qa.sums import sums_of

# Chosen while looking at nine recorded crowds, whole and thinned, and 70 made-up ones (decision 46).
GAINED = 0.4  # share of the tasks where a rule overrules the most frequent answer that it sets right, on balance
SPLITS_SHARE = 0.75  # weight of the splits of this batch against what batches are like
MANY_OPTIONS = 0.06  # with more than two options mistakes go to the likeliest wrong one, and look like agreement
TWO = 2
EXPECTED_MARGIN = 0.015
AGREEING_MAX = 30  # more strangers who agree change nothing that could be seen


@dataclass(frozen=True, slots=True, eq=False)
class BatchEstimate:
    """A rule's estimate, with `confidence` per task after `calibration`.

    `certificate` speaks of the tasks that are not gold. Without a gold task nothing has checked the confidences:
    they are then what batches are like whose votes split as in this one (`checked` is false).
    """

    estimate: Estimate
    confidence: Floats
    calibration: Calibration
    certificate: Certificate | TooLittleGold

    @property
    def checked(self) -> bool:
        """Whether the truth of any task of this batch has spoken on the confidences."""
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
    answers_per_task = np.bincount(answers.task)
    known = truth != UNKNOWN
    if not known.any():
        expected = expectation(answers, estimate)
        learnt = calibration(estimate.posterior, answers_per_task, truth, expected=expected)
        return _batch(estimate, answers_per_task, learnt, TooLittleGold(0), known)
    unaided = unaided or chosen.aggregate(answers)
    expected = expectation(answers, unaided)
    learnt = calibration(unaided.posterior, answers_per_task, truth, expected=expected)
    truths = np.array([*answers.options, ""])[truth]
    right = int((np.array(unaided.value) == truths)[known].sum())
    gold_count = int(known.sum())
    certified = certificate(right, gold_count, len(known) - gold_count)
    return _batch(estimate, answers_per_task, learnt, certified, known)


def expectation(
    answers: Answers,
    estimate: Estimate,
    *,
    gained: float = GAINED,
    splits_share: float = SPLITS_SHARE,
    many_options: float = MANY_OPTIONS,
) -> float:
    """The accuracy that a batch lets expect without gold.

    From how its votes split, some of what the rule changed added, and from what batches are like.
    """
    votes = sums_of(answers).votes()
    options = votes.shape[1]
    if options < TWO:
        return 1.0
    code = {option: number for number, option in enumerate(answers.options)}
    value = np.array([code[one] for one in estimate.value])
    changed = float((votes[np.arange(len(votes)), value] < votes.max(1)).mean())
    by_splits = expected_accuracy(votes) + gained * changed
    usual = usual_confidence(estimate.posterior, np.bincount(answers.task))
    expected = splits_share * by_splits + (1.0 - splits_share) * usual
    expected -= many_options if options > TWO else 0.0
    return min(max(expected, 1.0 / options + EXPECTED_MARGIN), 1.0 - EXPECTED_MARGIN)


def _batch(
    estimate: Estimate,
    answers_per_task: Codes,
    learnt: Calibration,
    certified: Certificate | TooLittleGold,
    known: Flags,
) -> BatchEstimate:
    if estimate.posterior.shape[1] < TWO:
        confidence = _of_strangers(answers_per_task)
    else:
        confidence = learnt.apply(estimate.posterior, answers_per_task).max(1)
    return BatchEstimate(estimate, np.where(known, 1.0, confidence), learnt, certified)


def _of_strangers(agreeing: Codes) -> Floats:
    """The confidence where every answer of the batch is the same: nothing is learnt of any worker then."""
    odds = (PRIOR_RIGHT / PRIOR_WRONG) ** np.minimum(agreeing, AGREEING_MAX)
    return odds / (1.0 + odds)
