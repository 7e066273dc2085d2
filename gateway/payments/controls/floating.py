"""The control that makes payouts wait while the provider's float is short.

A payout that the provider cannot pay now is paid after a top-up. Nothing fails.
"""

from datetime import datetime, timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "float"
FRESH = timedelta(minutes=15)
"""The time for which a float that the provider reported is believed. After it, the payment itself
shows whether the provider can pay.
"""


def check(case: Case, now: datetime) -> Wait | None:
    """Return the wait for a top-up, or None when the float is enough or unknown.

    >>> from dataclasses import replace
    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(30_000, "KES", now, None, False, 0, {}, float_minor=29_999)
    >>> check(case, now).until.isoformat()
    '2026-11-21T09:15:00+00:00'
    >>> check(replace(case, float_minor=30_000), now), check(replace(case, float_minor=None), now)
    (None, None)
    """
    if case.float_minor is None or case.amount_minor <= case.float_minor:
        return None
    return Wait(NAME, now + FRESH, ends=False)
