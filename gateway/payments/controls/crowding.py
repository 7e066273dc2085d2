"""The control of many first payouts of one coordinator's workers at once.

Workers who share no phones rarely do that, but SIM farms do. The payouts above the ordinary number
wait, so that an operator of the gateway can look. They go out by themselves at the deadline.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from gateway.payments.control import Case, Example, HoldRules, Wait

RANK = 50
PHRASE = "pay.waits_crowding"


class Rules(HoldRules):
    """The limit of first payouts to one coordinator's workers, and the wait of those above it.

    The limit is per 24 hours, and the wait is `hold_h` from the worker's request.
    """

    first_payouts_per_day: Annotated[int, Field(ge=1)] = 50
    """The first payouts of one coordinator's workers in 24 hours that count as ordinary. Further
    ones wait `hold_h` from the worker's request.
    """


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait of a first payout above the ordinary number, or None.

    >>> at, rules = datetime(2026, 11, 21, tzinfo=UTC), Rules(first_payouts_per_day=50)
    >>> check(Case(1000, "KES", at, 3, True, 50, {}), rules, at).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    >>> check(Case(1000, "KES", at, None, True, 50, {}), rules, at) is None
    True

    All workers of a gateway that winds down are paid at once, and two operators approve the list.

    >>> check(Case(1000, "KES", at, 3, True, 50, {}, closing=True), rules, at) is None
    True
    """
    if (
        case.closing
        or case.coordinator is None
        or not case.first
        or case.others_first < rules.first_payouts_per_day
    ):
        return None
    return Wait(case.asked_at + rules.hold, ends=True)


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(1000, "KES", _DAY, coordinator=3, first=True, others_first=50, passed_minor={}),
    Rules(),
    _DAY,
)
