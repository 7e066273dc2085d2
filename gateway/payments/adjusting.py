"""An answer that was paid and turned out wrong: what may be taken back, and when. Pure.

Nothing that was earned before is ever touched, paid out or not. Only of what she earns after she
was told, at most `WEEKLY_PERCENT` of each week's earnings is taken, all adjustments together; she
has `DISPUTE` to say no, a disputed one is dropped unless her coordinator upholds it within
`DISPUTE` again; and what is not taken by `LIFE` is forgiven.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WEEKLY_PERCENT = 10
DISPUTE = timedelta(days=7)
LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Open:
    """A standing adjustment: `rest_minor` is still to be taken; `since`: when she was told of it."""

    id: int
    rest_minor: int
    since: datetime


def allowance(earned_minor: int, taken_minor: int, balance_minor: int) -> int:
    """What may still be taken this week, in minor units: a part of this week's earnings, never more than there is.

    >>> allowance(10_000, 400, 5_000), allowance(10_000, 400, 300), allowance(99, 0, 99), allowance(1_000, 200, 1_000)
    (600, 300, 9, 0)
    """
    return max(0, min(earned_minor * WEEKLY_PERCENT // 100 - taken_minor, balance_minor))


def share(adjustments: Iterable[Open], allowance_minor: int) -> list[tuple[int, int]]:
    """(adjustment, amount) pairs, oldest first, together at most the allowance.

    >>> day = datetime(2026, 11, 21)
    >>> share([Open(2, 500, day), Open(1, 300, day - timedelta(1))], 700)
    [(1, 300), (2, 400)]
    """
    taken: list[tuple[int, int]] = []
    for one in sorted(adjustments, key=lambda a: (a.since, a.id)):
        part_minor = min(one.rest_minor, allowance_minor)
        if part_minor > 0:
            taken.append((one.id, part_minor))
            allowance_minor -= part_minor
    return taken
