"""The control that makes large payouts wait until a second operator has approved the list.

Payouts of one day that are large together wait as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "approval"
LOOK_AGAIN = timedelta(days=1)
"""No payout comes due before operators of the gateway have decided. A list shows those that have
waited longer than this.
"""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The amounts per currency, in minor units, above which a payout needs approval.

    A currency that is missing needs no approval. A single payout above `above` waits. `run_above`
    limits what goes out per day without approval. Once a payout would pass it, the rest of the day
    waits.
    """

    above: Mapping[str, int] = field(default_factory=dict[str, int])
    run_above: Mapping[str, int] = field(default_factory=dict[str, int])


def check(case: Case, thresholds: Thresholds) -> Wait | None:
    """Return the wait until a second operator has approved, or None when none is needed.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> def waits(amount, unapproved, **kw):
    ...     case = Case(amount, "KES", at, None, False, 0, {"unapproved": unapproved}, **kw)
    ...     return check(case, Thresholds({"KES": 500_000}, {"KES": 2_000_000})) is not None
    >>> waits(500_000, 0), waits(500_001, 0), waits(500_001, 0, approved=True)
    (False, True, False)
    >>> waits(1_000, 1_999_001)
    True
    """
    if case.approved:
        return None
    one, run = thresholds.above.get(case.currency), thresholds.run_above.get(case.currency)
    unapproved_minor = case.passed_minor.get("unapproved", 0) + case.amount_minor
    if (one is not None and case.amount_minor > one) or (
        run is not None and unapproved_minor > run
    ):
        return Wait(NAME, case.asked_at + LOOK_AGAIN, ends=False)
    return None
