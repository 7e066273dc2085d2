"""The control that makes a worker's payouts wait after her number was changed.

During the wait the holder of the old number can say that the change was not the worker's wish.
"""

from gateway.payments.controls.port import Case, Wait

NAME = "moved"


def check(case: Case) -> Wait | None:
    """Return the wait until the end of the hold, whenever the payout was asked for.

    >>> from dataclasses import replace
    >>> from datetime import UTC, datetime
    >>> at, end = datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, moved_until=end)
    >>> check(case).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    >>> check(replace(case, moved_until=None)), check(replace(case, moved_until=at))
    (None, None)
    """
    if case.moved_until is None or case.moved_until <= case.asked_at:
        return None
    return Wait(NAME, case.moved_until, ends=True)
