"""May a confident result become gold? Only one that no reasonable doubt is left about.

Wrong gold punishes good workers, so a result is promoted late and for many reasons at once, and
never so often that the bank judges people mostly by what the crowd itself said before.
"""

from dataclasses import dataclass

CONFIDENCE_MIN = 0.97  # calibrated
ANSWERS_MIN = 4
TRUSTED_MIN = 3  # of the answers for the value, by workers whom gold has shown to be good
PARTNERS_MIN = 2  # a partner's people may share an error, or a room
PROMOTED_SHARE_MAX = 0.5  # of the bank
OPTION_SHARE_MAX = (
    0.7  # of the bank: always answering the commonest option must not look like skill
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A decided task: its value, calibrated confidence, and who stands behind the value."""

    value: str
    confidence: float
    answers: int
    dissenting: int  # answers for something else
    trusted: int  # answers for the value by trusted workers
    partners: int  # different partners among those who gave the value
    appealed: bool  # somebody has contested it, or a finding on one of its workers is open


@dataclass(frozen=True, slots=True)
class Bank:
    """The gold of a kind: how many given by the client, how many promoted, how many per value."""

    given: int
    promoted: int
    values: dict[str, int]


def objections(candidate: Candidate, bank: Bank) -> list[str]:
    """Why the result should not become gold, in words; empty when it may.

    >>> amina = Candidate("yes", 0.99, 5, 0, 4, 2, appealed=False)
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
        f"{candidate.dissenting} answered something else": candidate.dissenting > 0,
        f"{candidate.trusted} trusted workers, at least {TRUSTED_MIN} are needed": candidate.trusted
        < TRUSTED_MIN,
        f"{candidate.partners} partners, at least {PARTNERS_MIN} are needed": candidate.partners
        < PARTNERS_MIN,
        "somebody contests it": candidate.appealed,
        "more than half of the bank would be promoted": promoted > PROMOTED_SHARE_MAX * gold,
        f"too much of the bank would be '{candidate.value}'": len(bank.values) > 1
        and same > OPTION_SHARE_MAX * gold,
    }
    return [reason for reason, holds in reasons.items() if holds]
