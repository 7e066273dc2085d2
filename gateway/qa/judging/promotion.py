"""The promotion of a confident result to gold, only where no reasonable doubt is left.

Wrong gold punishes good workers. So a result is promoted late and for many reasons at once. It is
never promoted so often that the bank judges workers mostly by the workers' own earlier answers.
"""

from dataclasses import dataclass

CONFIDENCE_MIN = 0.97  # The confidence is calibrated.
ANSWERS_MIN = 4
# This many answers for the value must come from workers whose gold has shown them to be good.
TRUSTED_MIN = 3
PARTNERS_MIN = 2  # The workers of one partner may share an error, or a place.
PROMOTED_SHARE_MAX = 0.5  # The greatest share of promoted tasks in the bank.
# The greatest share of one value in the bank: always giving the most common answer is no skill.
OPTION_SHARE_MAX = 0.7


@dataclass(frozen=True, slots=True)
class PromotionCandidate:
    """A decided task: its value, its calibrated confidence, and the support of the value."""

    value: str
    confidence: float
    answers: int
    dissenting: int  # The answers for something else.
    trusted: int  # The answers for the value by trusted workers.
    partners: int  # The different partners of the workers who gave the value.
    appealed: bool  # The value is contested, or a finding on one of its workers is open.


@dataclass(frozen=True, slots=True)
class Bank:
    """The gold of a kind.

    `given` tasks come from the client and `promoted` ones from results. `values` counts both per
    value.
    """

    given: int
    promoted: int
    values: dict[str, int]


def objections(candidate: PromotionCandidate, bank: Bank) -> list[str]:
    """Return the reasons why the result should not become gold, in words.

    The list is empty when it may.

    >>> amina = PromotionCandidate("yes", 0.99, 5, 0, 4, 2, appealed=False)
    >>> objections(amina, Bank(given=10, promoted=2, values={"yes": 6, "no": 6}))
    []
    """
    promoted, gold = bank.promoted + 1, bank.given + bank.promoted + 1
    same = bank.values.get(candidate.value, 0) + 1
    reasons = {
        f"confidence {candidate.confidence:.3f} is under {CONFIDENCE_MIN}": candidate.confidence
        < CONFIDENCE_MIN,
        f"{candidate.answers} answers, at least {ANSWERS_MIN} are needed": candidate.answers
        < ANSWERS_MIN,
        f"{candidate.dissenting} workers gave another answer": candidate.dissenting > 0,
        f"{candidate.trusted} trusted workers, at least {TRUSTED_MIN} are needed": candidate.trusted
        < TRUSTED_MIN,
        f"{candidate.partners} partners, at least {PARTNERS_MIN} are needed": candidate.partners
        < PARTNERS_MIN,
        "it is contested": candidate.appealed,
        "more than half of the bank would be promoted": promoted > PROMOTED_SHARE_MAX * gold,
        f"too much of the bank would be '{candidate.value}'": len(bank.values) > 1
        and same > OPTION_SHARE_MAX * gold,
    }
    return [reason for reason, holds in reasons.items() if holds]
