"""The control of payouts after an objection by the holder of a worker's old number.

The holder says that the change was not the worker's wish. Her payouts wait until two operators of
the gateway have looked. It has a name of its own beside `moved`, because the end of that hold ends
only that one.
"""

from datetime import UTC, datetime, timedelta

from gateway.payments.control import Case, ControlRules, Example, Wait

RANK = 10
PHRASE = "pay.waits_objected"
RELEASE_REFUSED = (
    "its worker changed her number: it goes when the hold is over, or when two operators have "
    "decided about an objection (gateway moves list)"
)
LOOK_AGAIN = timedelta(hours=6)


class Rules(ControlRules):
    """No settings: two operators decide."""


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return a wait without an end of its own while the objection is open.

    >>> from dataclasses import replace
    >>> at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, objected=True)
    >>> check(case, Rules(), at).ends, check(replace(case, objected=False), Rules(), at)
    (False, None)
    """
    return Wait(now + LOOK_AGAIN, ends=False) if case.objected else None


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(1000, "KES", _DAY, None, first=False, others_first=0, passed_minor={}, objected=True),
    Rules(),
    _DAY,
)
