"""The control of many first payouts of one coordinator's workers at once.

Workers who share no phones rarely do that, but SIM farms do. The payouts above the ordinary number
wait, so that an operator of the gateway can look. They go out by themselves at the deadline.
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "crowding"


@dataclass(frozen=True, slots=True)
class FirstPayoutBurst:
    """The ordinary number of first payouts in 24 hours, and the wait of the others.

    `most` first payouts are ordinary. Each further one waits for `hold` from the worker's request.
    """

    most: int
    hold: timedelta


def check(case: Case, crowd: FirstPayoutBurst) -> Wait | None:
    """Return the wait of a first payout above the ordinary number, or None.

    >>> from datetime import UTC, datetime
    >>> at, crowd = datetime(2026, 11, 21, tzinfo=UTC), FirstPayoutBurst(50, timedelta(hours=48))
    >>> check(Case(1000, "KES", at, 3, True, 50, {}), crowd).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    >>> check(Case(1000, "KES", at, None, True, 50, {}), crowd) is None
    True
    """
    if case.coordinator is None or not case.first or case.others_first < crowd.most:
        return None
    return Wait(NAME, case.asked_at + crowd.hold, ends=True)
