"""The operator's float is short: what it cannot pay now waits for a top-up, and is paid after it; nothing fails."""

from datetime import datetime, timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "float"
FRESH = timedelta(minutes=15)
"""What an operator said it holds is believed so long; after that the payment itself is the
question.
"""


def check(case: Case, now: datetime) -> Wait | None:
    """
    >>> from dataclasses import replace
    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(30_000, "KES", now, None, False, 0, {}, float_minor=29_999)
    >>> check(case, now).until.isoformat(), check(replace(case, float_minor=30_000), now), check(replace(case, float_minor=None), now)
    ('2026-11-21T09:15:00+00:00', None, None)
    """
    if case.float_minor is None or case.amount_minor <= case.float_minor:
        return None
    return Wait(NAME, now + FRESH, ends=False)
