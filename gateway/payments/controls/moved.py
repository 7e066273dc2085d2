"""The control that makes a worker's payouts wait after her number was changed.

During the wait the holder of the old number can say that the change was not the worker's wish.
"""

from datetime import UTC, datetime, timedelta

from gateway.payments.control import Case, ControlRules, Example, Wait

RANK = 20
PHRASE = "pay.waits_moved"
RELEASE_REFUSED = (
    "its worker changed her number: it goes when the hold is over, or when two operators have "
    "decided about an objection (gateway moves list)"
)


class Rules(ControlRules):
    """No settings: the change of number says how long payouts wait (`moves`)."""


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait until the end of the hold, whenever the payout was asked for.

    >>> from dataclasses import replace
    >>> at, end = datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, moved_until=end)
    >>> check(case, Rules(), at).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    >>> check(replace(case, moved_until=None), Rules(), at)
    >>> check(replace(case, moved_until=at), Rules(), at)
    """
    if case.moved_until is None or case.moved_until <= case.asked_at:
        return None
    return Wait(case.moved_until, ends=True)


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(
        1000,
        "KES",
        _DAY,
        None,
        first=False,
        others_first=0,
        passed_minor={},
        moved_until=_DAY + timedelta(days=2),
    ),
    Rules(),
    _DAY,
)
