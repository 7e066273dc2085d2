"""A whole batch of answers with options: values, confidences one can rely on, a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.qa import rule
from gateway.qa.calibration import Calibration, calibration
from gateway.qa.certificate import Certificate, TooLittleGold, certificate
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Flags, Floats, gold_codes


@dataclass(frozen=True, slots=True, eq=False)
class BatchEstimate:
    """A rule's estimate, with `confidence` per task after `calibration`.

    `certificate` speaks of the tasks that are not gold.
    """

    estimate: Estimate
    confidence: Floats
    calibration: Calibration
    certificate: Certificate | TooLittleGold


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
        learnt = calibration(estimate.posterior, answers_per_task, truth)
        return _batch(estimate, answers_per_task, learnt, TooLittleGold(0), known)
    unaided = unaided or chosen.aggregate(answers)
    learnt = calibration(unaided.posterior, answers_per_task, truth)
    truths = np.array([*answers.options, ""])[truth]
    right = int((np.array(unaided.value) == truths)[known].sum())
    gold_count = int(known.sum())
    certified = certificate(right, gold_count, len(known) - gold_count)
    return _batch(estimate, answers_per_task, learnt, certified, known)


def _batch(
    estimate: Estimate,
    answers_per_task: Codes,
    learnt: Calibration,
    certified: Certificate | TooLittleGold,
    known: Flags,
) -> BatchEstimate:
    confidence = learnt.apply(estimate.posterior, answers_per_task).max(1)
    return BatchEstimate(estimate, np.where(known, 1.0, confidence), learnt, certified)
