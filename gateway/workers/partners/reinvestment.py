"""The rule that a partner reinvests at least 40 % of its revenue. Pure.

A part of each earning is kept until the partner has shown what it spent on training, salaries or
its community. A checked expense releases as much of the kept money as it amounts to. An expense
above the kept money is not lost: its rest releases later earnings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.base.errors import Refused

REINVEST_PERCENT = 40
"""The part of a partner's revenue that it must reinvest."""


def split_price(price_minor: int) -> tuple[int, int]:
    """Return the part of a price that is payable at once, and the part to be reinvested.

    The part to be reinvested is rounded up, so that it is never below the rule.

    >>> split_price(100), split_price(101), split_price(1)
    ((60, 40), (60, 41), (0, 1))
    """
    reinvest_minor = -(-price_minor * REINVEST_PERCENT // 100)
    return price_minor - reinvest_minor, reinvest_minor


class ExpenseKind(StrEnum):
    """The kinds of expense that count as reinvestment."""

    TRAINING = "training"
    SALARY = "salary"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class CheckedExpense:
    """A checked expense: its id, its amount, what it released already, and in how many parts."""

    id: int
    amount_minor: int
    released_minor: int
    releases: int


@dataclass(frozen=True, slots=True)
class ReleasedPart:
    """A part of the kept money that an expense releases. `nth` counts the expense's parts."""

    expense: int
    nth: int
    amount_minor: int


def release_parts(expenses: Iterable[CheckedExpense], due_minor: int) -> list[ReleasedPart]:
    """Return which expense releases how much of the money that is due for reinvestment.

    The oldest expense comes first.

    >>> spent = [CheckedExpense(1, 500, 400, 1), CheckedExpense(2, 900, 0, 0)]
    >>> [(part.expense, part.nth, part.amount_minor) for part in release_parts(spent, 300)]
    [(1, 2, 100), (2, 1, 200)]
    """
    parts: list[ReleasedPart] = []
    for one in sorted(expenses, key=lambda expense: expense.id):
        amount_minor = min(one.amount_minor - one.released_minor, due_minor)
        if amount_minor > 0:
            parts.append(ReleasedPart(one.id, one.releases + 1, amount_minor))
            due_minor -= amount_minor
    return parts


@dataclass(frozen=True, slots=True)
class Reinvestment:
    """The revenue and the reinvestment of a partner in a period, in minor units."""

    revenue_minor: int
    reinvested_minor: int

    @property
    def percent(self) -> float | None:
        """Return the reinvested part of the revenue in percent, or None without revenue.

        >>> Reinvestment(1000, 390).percent, Reinvestment(0, 5).percent
        (39.0, None)
        """
        if self.revenue_minor <= 0:
            return None
        return round(100 * self.reinvested_minor / self.revenue_minor, 1)

    @property
    def short_minor(self) -> int:
        """Return what is missing to the rule, which is zero when the rule is met.

        >>> Reinvestment(1000, 390).short_minor, Reinvestment(1001, 401).short_minor
        (10, 0)
        """
        wanted_minor = -(-max(0, self.revenue_minor) * REINVEST_PERCENT // 100)
        return max(0, wanted_minor - self.reinvested_minor)

    @property
    def is_below(self) -> bool:
        return self.short_minor > 0


def check_expense(
    kind: str, document: str, spent_on: date, filed_by: str, today: date
) -> ExpenseKind:
    """Return the kind of an expense. Raises Refused naming the field that is wrong or missing."""
    if kind not in {str(one) for one in ExpenseKind}:
        raise Refused(
            f"no kind {kind!r}; an expense is for {', '.join(str(one) for one in ExpenseKind)}",
            field="kind",
        )
    if not document:
        raise Refused("name the document, like the number of a receipt", field="document")
    if not filed_by:
        raise Refused("say which person of the partner files it", field="filed_by")
    if spent_on > today:
        raise Refused(f"{spent_on} has not come yet", field="spent_on")
    return ExpenseKind(kind)


def same_person(one: str, other: str) -> bool:
    """Return whether two names are the same, without regard to case and blanks.

    >>> same_person("Asha  Mwangi", "asha mwangi"), same_person("Asha", "Juma")
    (True, False)
    """
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
