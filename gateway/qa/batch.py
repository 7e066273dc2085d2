"""The aggregation of a batch of answers with options: values, confidences and a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gateway.qa import rule
from gateway.qa.confidence.best_workers import BestAgreement, agreement_of_best
from gateway.qa.confidence.calibration import (
    Calibration,
    PriorExpectation,
    calibration,
    temperature_for,
)
from gateway.qa.confidence.certificate import Certificate, TooLittleGold, certificate
from gateway.qa.estimation.draws import uniform
from gateway.qa.estimation.sums import sums_of
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Flags, Floats, Rule, gold_codes
from gateway.qa.skills.skill import PRIOR_RIGHT, PRIOR_WRONG, SKILL_MAX

# This is what batches with options usually are. `bench.qa_left_out` fits it with each recorded
# crowd left out in turn. It minimises the squared error, because the largest errors do the harm,
# and confidences that are too high count twice.
USUAL = PriorExpectation(temperature=1.2)
# A batch whose best workers gave this number of answers is taken half as its own, half as usual.
ANSWERS_OF_BEST = 20.0
TWO = 2
# The number of parts of the gold that are hidden in turn. Two are enough where each half teaches
# nearly as much as the whole.
FOLDS, FOLDS_OF_MUCH, MUCH_GOLD = 5, 2, 100
AGREEING_MAX = 30  # More strangers who agree change nothing visible.


@dataclass(frozen=True, slots=True, eq=False)
class BatchEstimate:
    """A rule's estimate, with `confidence` per task after `calibration`.

    `certificate` describes the tasks that are not gold. `tied` are the tasks, gold aside, where no
    option has more votes than all others. Their value was decided by what is known of the workers.
    """

    estimate: Estimate
    confidence: Floats
    calibration: Calibration
    certificate: Certificate | TooLittleGold
    tied: tuple[str, ...]

    @property
    def checked(self) -> bool:
        """Return True when any truth was known.

        Otherwise the confidences rest on other batches.
        """
        return self.certificate.gold > 0


def aggregate(
    answers: Answers,
    method: str = "auto",
    gold: Mapping[str, str] | None = None,
    unaided: Estimate | None = None,
) -> BatchEstimate:
    """Aggregate by the rule of that name.

    See `estimated`.
    """
    return estimated(answers, rule(method), gold, unaided)


def estimated(
    answers: Answers,
    chosen: Rule,
    gold: Mapping[str, str] | None = None,
    unaided: Estimate | None = None,
    usual: PriorExpectation = USUAL,
) -> BatchEstimate:
    """Aggregate by a rule. Gold teaches skills, calibrates and certifies.

    Only values that were found without their own truth say how right the others are. So the rule
    runs again with a part of the gold hidden, once per part. Its result on that part calibrates and
    certifies. `unaided` is the estimate without any gold, for callers that have it already. `usual`
    describes usual batches.
    """
    estimate = chosen.aggregate(answers, gold)
    truth = gold_codes(answers, gold)
    known = truth != UNKNOWN
    certified: Certificate | TooLittleGold = TooLittleGold(0)
    hidden = estimate.posterior
    alone = estimate
    if known.any():
        alone = unaided or chosen.aggregate(answers)
        hidden, right = _without_their_truth(answers, chosen, truth, alone)
        certified = certificate(right, int(known.sum()), int((~known).sum()))
    like = usual_of(answers, alone, usual)
    learnt = calibration(hidden, np.bincount(answers.task), truth, usual=like)
    confidence = np.where(known, 1.0, _confidence(answers, estimate, learnt))
    return BatchEstimate(estimate, confidence, learnt, certified, _tied(answers, known))


def _without_their_truth(
    answers: Answers, chosen: Rule, truth: Codes, alone: Estimate
) -> tuple[Floats, int]:
    """Return the posteriors, and how many gold tasks are right.

    The posteriors of gold tasks are found without their own truth.
    """
    posterior = alone.posterior.copy()
    gold = np.flatnonzero(truth != UNKNOWN)
    names = [answers.tasks[task] for task in gold.tolist()]
    drawn = gold[np.argsort(uniform(names, 0, 1)[:, 0])]
    folds = min(FOLDS if len(gold) < MUCH_GOLD else FOLDS_OF_MUCH, len(gold))
    right = 0
    for number in range(folds):
        part = drawn[number::folds]
        others: dict[str, str] = {}
        for task in np.setdiff1d(gold, part).tolist():
            others[answers.tasks[task]] = answers.options[int(truth[task])]
        found = chosen.aggregate(answers, others) if others else alone
        posterior[part] = found.posterior[part]
        right += int((_codes(answers, found)[part] == truth[part]).sum())
    return posterior, right


def usual_of(
    answers: Answers, estimate: Estimate, usual: PriorExpectation = USUAL
) -> PriorExpectation:
    """Return the expectation of such a batch before any gold.

    Its temperature is the one at which the mean confidence is what the agreement of the best
    workers with the others allows.
    """
    if len(answers.options) < TWO:
        return usual
    return usual_for(answers, estimate, agreement_of_best(answers, estimate.skill), usual)


def usual_for(
    answers: Answers, estimate: Estimate, best: BestAgreement, usual: PriorExpectation
) -> PriorExpectation:
    """Return the expectation of a batch whose best workers agree with the others as `best` says."""
    right = usual.right_at(best.share, len(answers) / len(answers.tasks) - 1.0)
    own = temperature_for(right, estimate.posterior, np.bincount(answers.task), usual)
    trust = best.answers**2 / (best.answers**2 + ANSWERS_OF_BEST**2)
    return replace(usual, temperature=usual.temperature ** (1.0 - trust) * own**trust)


def _codes(answers: Answers, estimate: Estimate) -> Codes:
    """Return the option code of each task's value."""
    code = {option: number for number, option in enumerate(answers.options)}
    return np.array([code[value] for value in estimate.value], np.intp)


def _confidence(answers: Answers, estimate: Estimate, learnt: Calibration) -> Floats:
    """Return the chance of each task's value. A lone answer is never certain.

    Where every answer of the batch is the same, nothing is learnt of any worker. Each answer then
    counts as that of an unknown worker.
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
