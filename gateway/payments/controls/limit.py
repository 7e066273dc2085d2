"""The control of daily limits: per worker, coordinator, provider and country, and over all payouts.

The limit over all bounds the damage of an attack.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from gateway.base.currencies import Currency
from gateway.base.money import minor_per_major
from gateway.base.options import Options
from gateway.payments.control import Case, ControlRules, Example, Wait

RANK = 70
PHRASE = "pay.waits_limit"


class DayLimit(Options):
    """A limit on the payouts of one day (UTC)."""

    per: Literal["worker", "coordinator", "provider", "country", "all"]
    """The group whose payouts of a day the limit adds up."""
    currency: Currency
    """The ISO 4217 code of the currency. The limit does not apply to payouts in another one."""
    a_day: Annotated[int, Field(gt=0)]
    """The limit in whole units (shillings, francs)."""

    @property
    def most_minor(self) -> int:
        return self.a_day * minor_per_major(self.currency)


class Rules(ControlRules):
    """The limits on the payouts of one day."""

    limits: tuple[DayLimit, ...] = ()
    """The limits on the payouts of one day."""


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait until the next day (UTC) where a limit would be passed, or None.

    >>> now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(30_000, "KES", now, None, False, 0, {"worker": 80_000})
    >>> one = DayLimit(per="worker", currency="KES", a_day=1_000)
    >>> check(case, Rules(limits=(one,)), now).until.isoformat()
    '2026-11-22T00:00:00+00:00'
    >>> one = DayLimit(per="worker", currency="KES", a_day=1_100)
    >>> other = DayLimit(per="all", currency="UGX", a_day=1)
    >>> check(case, Rules(limits=(one, other)), now) is None
    True
    """
    for limit in rules.limits:
        applies = limit.per != "coordinator" or case.coordinator is not None
        passed_minor = case.passed_minor.get(limit.per, 0)
        if (
            applies
            and limit.currency == case.currency
            and passed_minor + case.amount_minor > limit.most_minor
        ):
            tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
            return Wait(datetime.combine(tomorrow, time(), UTC), ends=False)
    return None


def most_at_once(rules: Rules, currency: str) -> int | None:
    """Return what one worker may have per day. A larger payout would wait for ever."""
    own = [
        one.most_minor for one in rules.limits if one.per == "worker" and one.currency == currency
    ]
    return min(own, default=None)


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(30_000, "KES", _DAY, None, first=False, others_first=0, passed_minor={"worker": 80_000}),
    Rules(limits=(DayLimit(per="worker", currency="KES", a_day=1_000),)),
    _DAY,
)
