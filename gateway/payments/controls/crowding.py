"""Many first payouts of one coordinator's workers at once: people who share no phones rarely do that, SIM farms do.

The ones above the number wait, for somebody to look; they go out by themselves at the deadline.
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.payments.controls.port import Case, Wait

NAME = "crowding"


@dataclass(frozen=True, slots=True)
class Crowd:
    """`most` first payouts in 24 hours are ordinary; the others wait `hold` from when they were asked for."""

    most: int
    hold: timedelta


def check(case: Case, crowd: Crowd) -> Wait | None:
    """
    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 21, tzinfo=UTC)
    >>> check(Case(1000, "KES", at, 3, True, 50, {}), Crowd(50, timedelta(hours=48))).until.isoformat()
    '2026-11-23T00:00:00+00:00'
    >>> check(Case(1000, "KES", at, None, True, 50, {}), Crowd(50, timedelta(hours=48))) is None
    True
    """
    if case.coordinator is None or not case.first or case.others_first < crowd.most:
        return None
    return Wait(NAME, case.asked_at + crowd.hold, ends=True)
