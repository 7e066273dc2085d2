"""The control of payouts of a run of which a worker said that hers did not arrive.

The rest of the run waits until a person has looked at it. A run is the list on which the payout was
approved. Without a list it is the payouts by the same provider that were requested until a day
after the worker's "no".
"""

from datetime import UTC, datetime, timedelta

from gateway.payments.control import Case, ControlRules, Example, Wait

RANK = 15
PHRASE = "pay.waits_arrival"
RELEASE_REFUSED = (
    "a worker of the same run says that hers did not arrive: look at it (gateway payouts arrivals), "
    "then gateway payouts release-run REF"
)
LOOK_AGAIN = timedelta(hours=6)


class Rules(ControlRules):
    """No settings: a person decides."""


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return a wait without an end of its own while the "no" is open.

    >>> from dataclasses import replace
    >>> at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, run_doubted=True)
    >>> check(case, Rules(), at).ends, check(replace(case, run_doubted=False), Rules(), at)
    (False, None)
    """
    return Wait(now + LOOK_AGAIN, ends=False) if case.run_doubted else None


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(1000, "KES", _DAY, None, first=False, others_first=0, passed_minor={}, run_doubted=True),
    Rules(),
    _DAY,
)
