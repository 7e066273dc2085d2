"""The control of payouts to a number that was quiet for weeks.

Its SIM may belong to another holder by now. The payout waits, and the SMS that says so reaches the
number. The true worker loses some days, and her coordinator can stop another holder. (No provider
here reports a changed SIM without a separate contract. Where one does, that needs a control of its
own.)
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from gateway.payments.control import Case, Example, HoldRules, Wait

RANK = 60
PHRASE = "pay.waits_quiet"


class Rules(HoldRules):
    """The length of quiet after which a payout waits, and the length of the wait."""

    quiet_days: Annotated[int, Field(ge=1)] = 30
    """A payout to a number that gave no answer for this number of days waits `hold_h` from its
    request, because its SIM may have a new owner.
    """


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait after a long quiet, or None.

    A gateway that winds down heard no worker since its last backup, so the quiet ends there.

    >>> at, october = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    >>> case = Case(1000, "KES", at, None, False, 0, {}, heard_at=october)
    >>> check(case, Rules(quiet_days=30), at).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    after = timedelta(days=rules.quiet_days)
    until = case.lost_at or case.asked_at
    if case.heard_at is None or until - case.heard_at < after:
        return None
    return Wait(case.asked_at + rules.hold, ends=True)


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
        heard_at=_DAY - timedelta(days=31),
    ),
    Rules(),
    _DAY,
)
