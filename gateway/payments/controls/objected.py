"""The control of payouts after an objection by the holder of a worker's old number.

The holder says that the change was not the worker's wish. Her payouts wait until two operators of
the gateway have looked. It has a name of its own beside `moved`, because the end of that hold ends
only that one.
"""

from datetime import datetime, timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "objected"
LOOK_AGAIN = timedelta(hours=6)


def check(case: Case, now: datetime) -> Wait | None:
    """Return a wait without an end of its own while the objection is open.

    >>> from dataclasses import replace
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, objected=True)
    >>> check(case, at).ends, check(replace(case, objected=False), at)
    (False, None)
    """
    return Wait(NAME, now + LOOK_AGAIN, ends=False) if case.objected else None
