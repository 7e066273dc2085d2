"""A number that was quiet for weeks asks for money: its SIM may be somebody else's by now. The payout waits, and the SMS that
says so reaches the number; who is still herself loses some days, who is not can be stopped by her coordinator.

(No operator here tells of a changed SIM without a contract of its own; where one does, that is a control of its own.)
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "quiet"


@dataclass(frozen=True, slots=True)
class Guard:
    """`after` so long without an answer of hers a payout waits `hold` from when it was asked for."""

    after: timedelta
    hold: timedelta


def check(case: Case, guard: Guard) -> Wait | None:
    """
    >>> from datetime import UTC, datetime
    >>> at, guard = datetime(2026, 11, 21, tzinfo=UTC), Guard(timedelta(days=30), timedelta(hours=48))
    >>> case = Case(1000, "KES", at, None, False, 0, {}, heard_at=datetime(2026, 10, 1, tzinfo=UTC))
    >>> check(case, guard).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    if case.heard_at is None or case.asked_at - case.heard_at < guard.after:
        return None
    return Wait(NAME, case.asked_at + guard.hold, ends=True)
