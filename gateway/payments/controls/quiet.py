"""The control of payouts to a number that was quiet for weeks.

Its SIM may belong to another holder by now. The payout waits, and the SMS that says so reaches the
number. The true worker loses some days, and her coordinator can stop another holder. (No provider
here reports a changed SIM without a separate contract. Where one does, that needs a control of its
own.)
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "quiet"


@dataclass(frozen=True, slots=True)
class Guard:
    """The length of quiet after which a payout waits, and the length of the wait.

    After `after` without an answer of the worker, a payout waits for `hold` from its request.
    """

    after: timedelta
    hold: timedelta


def check(case: Case, guard: Guard) -> Wait | None:
    """Return the wait after a long quiet, or None.

    >>> from datetime import UTC, datetime
    >>> at, october = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    >>> guard = Guard(timedelta(days=30), timedelta(hours=48))
    >>> case = Case(1000, "KES", at, None, False, 0, {}, heard_at=october)
    >>> check(case, guard).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    if case.heard_at is None or case.asked_at - case.heard_at < guard.after:
        return None
    return Wait(NAME, case.asked_at + guard.hold, ends=True)
