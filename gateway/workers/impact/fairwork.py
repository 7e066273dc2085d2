"""Fairwork's ten thresholds for cloudwork, each with a verdict and its evidence. Pure.

The principles are those of fair.work, which gives the points after an assessment of its own. This
report shows what the books of the gateway can prove. Two thresholds need a person: no query can
show that workers are free to associate, or that they take part in decisions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class FairworkVerdict(StrEnum):
    """The verdict of one threshold."""

    MET = "met"
    NOT_MET = "not met"
    NOT_SHOWN = "not shown"
    """The data that would show it do not exist, so it counts as not met."""
    NEEDS_PERSON = "needs a person"


THRESHOLDS: Final = {
    "1.1": "Workers are paid on time and for all completed work",
    "1.2": "Workers are paid at least the local minimum wage",
    "2.1": "Risks to workers are mitigated",
    "2.2": "Precarity and overwork are mitigated",
    "3.1": "Clear terms and conditions are available",
    "3.2": "Contracts are consistent with the workers' terms of engagement",
    "4.1": "There is due process for decisions affecting workers",
    "4.2": "There is equity in the management process",
    "5.1": "Workers have access to representation, and freedom of association",
    "5.2": "There is collective governance or bargaining",
}


@dataclass(frozen=True, slots=True)
class FairworkFact:
    """One counted fact, and whether it must be zero for the threshold to be met."""

    what: str
    count: int
    must_be_zero: bool = True


@dataclass(frozen=True, slots=True)
class FairworkThreshold:
    """One threshold with its verdict."""

    number: str
    title: str
    verdict: FairworkVerdict
    definition: str
    """The definition of the queries in words, or what a person must show."""
    facts: tuple[FairworkFact, ...] = ()


@dataclass(frozen=True, slots=True)
class FairworkReport:
    """The report of one period, as it is signed."""

    first: date
    last: date
    made_at: datetime
    thresholds: tuple[FairworkThreshold, ...]
    ledger_head: str
    """The last seal of the ledger."""
    record_heads: dict[str, str] = field(default_factory=dict[str, str])
    """The last keyed seal of transfers, answers and consents."""
    sealed_rows: dict[str, int] = field(default_factory=dict[str, int])


def by_query(
    number: str, definition: str, facts: tuple[FairworkFact, ...], *, shown: bool = True
) -> FairworkThreshold:
    """Return a threshold that its facts decide. Without data it is not shown.

    >>> by_query("1.1", "late payouts", (FairworkFact("late", 1),)).verdict.value
    'not met'
    >>> by_query("1.1", "late payouts", (FairworkFact("late", 0),), shown=False).verdict.value
    'not shown'
    """
    broken = any(fact.must_be_zero and fact.count for fact in facts)
    verdict = FairworkVerdict.NOT_MET if broken else FairworkVerdict.MET
    if not shown and not broken:
        verdict = FairworkVerdict.NOT_SHOWN
    return FairworkThreshold(number, THRESHOLDS[number], verdict, definition, facts)


def by_person(number: str, what: str) -> FairworkThreshold:
    """Return a threshold that only a person can show."""
    return FairworkThreshold(number, THRESHOLDS[number], FairworkVerdict.NEEDS_PERSON, what)


def points(report: FairworkReport) -> tuple[int, int]:
    """Return how many of the ten points the books show, and how many need a person.

    The second point of a principle counts only with the first, as Fairwork gives them.
    """
    met = {one.number: one.verdict is FairworkVerdict.MET for one in report.thresholds}
    got = sum(met[number] and met[f"{number[0]}.1"] for number in met)
    asked = sum(one.verdict is FairworkVerdict.NEEDS_PERSON for one in report.thresholds)
    return got, asked
