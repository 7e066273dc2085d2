"""The worker changed her number lately: her payouts wait, so that the holder of the old number can say that it was not her."""

from gateway.payments.controls.port import Case, Wait

NAME = "moved"


def check(case: Case) -> Wait | None:
    """Return the wait until the end of the hold, whenever the payout was asked for.

    >>> from dataclasses import replace
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, moved_until=datetime(2026, 11, 23, tzinfo=UTC))
    >>> check(case).until.isoformat(), check(replace(case, moved_until=None)), check(replace(case, moved_until=at))
    ('2026-11-23T00:00:00+00:00', None, None)
    """
    if case.moved_until is None or case.moved_until <= case.asked_at:
        return None
    return Wait(NAME, case.moved_until, ends=True)
