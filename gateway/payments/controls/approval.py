"""Large payouts, and a day's payouts that come to much together, wait until a second person has approved the list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "approval"
LOOK_AGAIN = timedelta(days=1)
"""Nothing comes due before people have decided; a list shows what has waited longer than this."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """By currency, in minor units; a currency that is not here needs no approval.

    `above`: one payout of more waits. `run_above`: once what went out today without approval would
    come to more, the rest of the day waits.
    """

    above: Mapping[str, int] = field(default_factory=dict[str, int])
    run_above: Mapping[str, int] = field(default_factory=dict[str, int])


def check(case: Case, thresholds: Thresholds) -> Wait | None:
    """
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> def waits(amount, unapproved, **kw):
    ...     case = Case(amount, "KES", at, None, False, 0, {"unapproved": unapproved}, **kw)
    ...     return check(case, Thresholds({"KES": 500_000}, {"KES": 2_000_000})) is not None
    >>> waits(500_000, 0), waits(500_001, 0), waits(500_001, 0, approved=True), waits(1_000, 1_999_001)
    (False, True, False, True)
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
