"""The control that makes large payouts wait until a second operator has approved the list.

Payouts of one day that are large together wait as well.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from gateway.base.currencies import Currency
from gateway.base.money import minor_per_major
from gateway.payments.control import Case, ControlRules, Example, Wait

RANK = 40
PHRASE = "pay.waits_approval"
LOOK_AGAIN = timedelta(days=1)
"""No payout comes due before operators of the gateway have decided. A list shows those that have
waited longer than this.
"""

ApprovalAmounts = dict[Currency, Annotated[int, Field(ge=0)]]


class Rules(ControlRules):
    """The amounts per currency, in whole units, above which a payout needs approval.

    A currency that is missing needs no approval.
    """

    approve_above: ApprovalAmounts = Field(default_factory=dict)
    """The amount per currency, in whole units, above which a payout waits for two persons (`gateway
    approvals`).
    """
    approve_run_above: ApprovalAmounts = Field(default_factory=dict)
    """The sum per currency, in whole units, of a day's (UTC) payouts without an approval. Once a
    payout would pass it, the rest of the day waits.
    """


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait until a second operator has approved, or None when none is needed.

    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> rules = Rules(approve_above={"KES": 5_000}, approve_run_above={"KES": 20_000})
    >>> def waits(amount, unapproved, **kw):
    ...     case = Case(amount, "KES", at, None, False, 0, {"unapproved": unapproved}, **kw)
    ...     return check(case, rules, at) is not None
    >>> waits(500_000, 0), waits(500_001, 0), waits(500_001, 0, approved=True)
    (False, True, False)
    >>> waits(1_000, 1_999_001)
    True
    """
    if case.approved:
        return None
    minor = minor_per_major(case.currency)
    one, run = rules.approve_above.get(case.currency), rules.approve_run_above.get(case.currency)
    unapproved_minor = case.passed_minor.get("unapproved", 0) + case.amount_minor
    if (one is not None and case.amount_minor > one * minor) or (
        run is not None and unapproved_minor > run * minor
    ):
        return Wait(case.asked_at + LOOK_AGAIN, ends=False, needs_list=True)
    return None


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(500_001, "KES", _DAY, None, first=False, others_first=0, passed_minor={}),
    Rules(approve_above={"KES": 5_000}),
    _DAY,
)
