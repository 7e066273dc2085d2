"""The watch over the money for workers: what is owed, and what stands ready to pay it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

REMIND = timedelta(hours=24)
"""The time after which a lasting shortage is told again."""
STALE = timedelta(minutes=5)
"""The age at which a comparison no longer counts as current."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The amounts of one currency, in minor units."""

    owed_minor: int
    """The debts to workers and partners: their balances, and payouts that have not left."""
    floats_minor: Mapping[str, int]
    """The float of each provider."""
    reserve_minor: int
    """The money at the bank that counts as a reserve."""

    @property
    def cover_minor(self) -> int:
        """Return the money that stands ready. An overdrawn place covers nothing."""
        return sum(max(0, minor) for minor in (*self.floats_minor.values(), self.reserve_minor))


def is_short(holdings: Holdings, percent: int) -> bool:
    """Return True when the money that stands ready is less than `percent` of what is owed.

    >>> short = Holdings(10_000, {"mpesa": 4_000}, 5_999)
    >>> is_short(short, 100), is_short(short, 90), is_short(Holdings(0, {}, 0), 100)
    (True, False, False)
    """
    return holdings.cover_minor * 100 < holdings.owed_minor * percent


def must_tell(told_at: datetime | None, now: datetime) -> bool:
    """Return True when a shortage is new, or was told long ago.

    >>> now = datetime(2026, 11, 30)
    >>> must_tell(None, now), must_tell(now - timedelta(hours=23), now)
    (True, False)
    >>> must_tell(now - REMIND, now)
    True
    """
    return told_at is None or now - told_at >= REMIND
