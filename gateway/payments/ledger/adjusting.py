"""The rules for taking money back for an answer that was paid and turned out wrong. Pure.

Money that was earned before is never touched, paid out or not. The gateway takes only from what the
worker earns after she was informed. All adjustments together take at most `WEEKLY_PERCENT` of each
week's earnings. The worker has `DISPUTE` to object. An adjustment that she disputes is dropped
unless her coordinator upholds it within another `DISPUTE`. The rest that was not taken within
`LIFE` is forgiven.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WEEKLY_PERCENT = 10
DISPUTE = timedelta(days=7)
LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Open:
    """An adjustment that is in force."""

    id: int
    """The adjustment's id."""
    rest_minor: int
    """The amount that is still to be taken, in minor units."""
    since: datetime
    """The time at which the worker was informed of it."""


def allowance(earned_minor: int, taken_minor: int, balance_minor: int) -> int:
    """Return the amount in minor units that may still be taken from the worker this week.

    It is a part of this week's earnings, and never more than the balance.

    >>> allowance(10_000, 400, 5_000), allowance(10_000, 400, 300)
    (600, 300)
    >>> allowance(99, 0, 99), allowance(1_000, 200, 1_000)
    (9, 0)
    """
    return max(0, min(earned_minor * WEEKLY_PERCENT // 100 - taken_minor, balance_minor))


def share_allowance(adjustments: Iterable[Open], allowance_minor: int) -> list[tuple[int, int]]:
    """Divide the allowance among the adjustments, oldest first.

    Return (adjustment, amount) pairs, which together are at most the allowance.

    >>> day = datetime(2026, 11, 21)
    >>> share_allowance([Open(2, 500, day), Open(1, 300, day - timedelta(1))], 700)
    [(1, 300), (2, 400)]
    """
    taken: list[tuple[int, int]] = []
    for one in sorted(adjustments, key=lambda a: (a.since, a.id)):
        part_minor = min(one.rest_minor, allowance_minor)
        if part_minor > 0:
            taken.append((one.id, part_minor))
            allowance_minor -= part_minor
    return taken
