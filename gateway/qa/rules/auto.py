"""Auto: a blend of the learning rules, weighted by what they foresee, guarded by majority.

No single model is best for every crowd. Each candidate is rehearsed with a fifth of the answers
hidden; half of its weight is fixed, the other half is what the mixture that best foresees the
hidden answers gives it (stacking). Gold, where there is some, counts among the hidden facts.

Two things hand the batch back to majority: gold on which majority does better than the blend
beyond luck, and a blend that contradicts majority so often that it looks like a collapse.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa import rule
from gateway.qa.holdout import foreseen, sample, split
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Floats, decide, gold_codes

CANDIDATES = ("one_coin", "dawid_skene", "ibcc")
FIXED_SHARE = 0.5  # of the weights; on small sets the learned half is noisy
GOLD_WEIGHT = 10.0  # hidden answers that one gold task counts for
ROUNDS = 50
FORESEEN_MIN = 1e-6  # one surprise must not rule a candidate out
CONTRADICTED_MAX = 0.35  # share of tasks; real crowds stay below 0.21
LUCK = 1.645  # one-sided 95 % of a sign test


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Blend the candidates. See `gateway.qa.port.Rule`."""
    weights = _rehearse(answers, gold_codes(answers, gold))
    majority = rule("majority").aggregate(answers, gold)
    if weights is None:
        return majority
    estimates = _estimates(answers, gold, start)
    blend = decide(
        answers,
        np.tensordot(weights, [estimate.posterior for estimate in estimates], 1),
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
    majority = rule("majority").aggregate(shown).posterior
    return None if _gold_prefers_majority(blend, majority, truth) else weights


def _weights(rehearsed: list[Estimate], answers: Answers, hidden: Codes, truth: Codes) -> Floats:
    """Weight per candidate, summing to 1: the stacking mixture by EM, drawn towards equal."""
    known = np.flatnonzero(truth != UNKNOWN)
    chances = np.stack(
        [
            np.concatenate((foreseen(e, answers, hidden), e.posterior[known, truth[known]]))
            for e in rehearsed
        ]
    )
    chances = np.maximum(chances, FORESEEN_MIN)
    facts = np.concatenate((np.ones(len(hidden)), np.full(len(known), GOLD_WEIGHT)))
    weights = equal = np.full(len(rehearsed), 1.0 / len(rehearsed))
    for _ in range(ROUNDS):
        share = chances * weights[:, None]
        share /= share.sum(0)
        weights = (share @ facts + 1.0) / (facts.sum() + len(rehearsed))
    return FIXED_SHARE * equal + (1.0 - FIXED_SHARE) * weights


def _gold_prefers_majority(blend: Floats, majority: Floats, truth: Codes) -> bool:
    known = np.flatnonzero(truth != UNKNOWN)
    blend_right = blend[known].argmax(1) == truth[known]
    majority_right = majority[known].argmax(1) == truth[known]
    lost = int((majority_right & ~blend_right).sum())
    won = int((blend_right & ~majority_right).sum())
    return bool(lost - won > LUCK * np.sqrt(lost + won))
