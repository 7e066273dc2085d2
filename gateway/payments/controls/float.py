"""The control that makes payouts wait while the provider's float is short.

A payout that the provider cannot pay now is paid after a top-up. Nothing fails.
"""

from datetime import UTC, datetime

from gateway.payments.control import FLOAT_FRESH, Case, ControlRules, Example, Wait

RANK = 80
PHRASE = "pay.waits_float"


class Rules(ControlRules):
    """No settings: the float is what the provider reports."""


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait for a top-up, or None when the float is enough or unknown.

    >>> from dataclasses import replace
    >>> now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(30_000, "KES", now, None, False, 0, {}, float_minor=29_999)
    >>> check(case, Rules(), now).until.isoformat()
    '2026-11-21T09:15:00+00:00'
    >>> check(replace(case, float_minor=30_000), Rules(), now)
    >>> check(replace(case, float_minor=None), Rules(), now)
    """
    if case.float_minor is None or case.amount_minor <= case.float_minor:
        return None
    return Wait(now + FLOAT_FRESH, ends=False)


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(
        30_000, "KES", _DAY, None, first=False, others_first=0, passed_minor={}, float_minor=29_999
    ),
    Rules(),
    _DAY,
)
