"""The control of daily limits: per worker, coordinator, provider and country, and over all payouts.

The limit over all bounds the damage of an attack.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "limit"
SCOPES = ("worker", "coordinator", "provider", "country", "all")


@dataclass(frozen=True, slots=True)
class DayLimit:
    """A limit per day.

    `scope` is one of SCOPES. A limit in another currency does not apply to a payout.
    """

    scope: str
    currency: str
    most_minor: int


def check(case: Case, limits: Iterable[DayLimit], now: datetime) -> Wait | None:
    """Return the wait until the next day (UTC) where a limit would be passed, or None.

    >>> now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(30_000, "KES", now, None, False, 0, {"worker": 80_000})
    >>> check(case, [DayLimit("worker", "KES", 100_000)], now).until.isoformat()
    '2026-11-22T00:00:00+00:00'
    >>> check(case, [DayLimit("worker", "KES", 110_000), DayLimit("all", "UGX", 1)], now) is None
    True
    """
    for limit in limits:
        applies = limit.scope != "coordinator" or case.coordinator is not None
        passed_minor = case.passed_minor.get(limit.scope, 0)
        if (
            applies
            and limit.currency == case.currency
            and passed_minor + case.amount_minor > limit.most_minor
        ):
            tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
            return Wait(NAME, datetime.combine(tomorrow, time(), UTC), ends=False)
    return None
