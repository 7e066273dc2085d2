"""A channel that keeps failing is left alone for a while, then tried with one message; and when to try a message again.

closed -> open: failures in a row, or at once where the account is to blame (no money, a wrong key). open -> probing:
its time is over, one message may go. probing -> closed when that one was taken, else open again, for twice as long.
The messages that failed are suspects: another one goes as the probe, and while a single message is suspected, the next
other one goes at once, so that one undeliverable message holds up no other.
Pure: the time and the luck (0 to 1) are handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.sms.port import Hint, Outcome, Sent

FAILURES_MAX = 5
OPEN_S, OPEN_MOST_S = 30.0, 900.0
AGAIN_S, AGAIN_MOST_S = 15.0, 900.0
TRIES_MAX = 10
SUSPECTS_MAX = 20


class State(StrEnum):
    CLOSED = "closed"  # all is well
    OPEN = "open"
    PROBING = "probing"  # one message is under way, to see


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a channel.

    `failures` in a row; `opened` times in a row; `until`: when an open one may be tried.
    """

    state: State = State.CLOSED
    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    reason: str | None = None
    suspects: tuple[str, ...] = ()
    """The keys of the latest messages that failed since it last worked."""


def after(breaker: Breaker, sent: Sequence[Sent], now: datetime, luck: float) -> Breaker:
    """The breaker once a provider has answered so."""
    failed = [one for one in sent if is_failure(one)]
    blamed = next((one for one in failed if one.hint is Hint.PAUSE), None)
    if any(one.outcome is Outcome.ACCEPTED for one in sent):
        return Breaker()  # it works: what was refused beside that is to blame itself
    if blamed is None and len(failed) < len(sent):
        return Breaker()  # it refused some message for good: it works
    if not failed:
        return breaker
    failures = breaker.failures + len(failed)
    told = blamed or failed[-1]
    suspects = tuple(dict.fromkeys([*breaker.suspects, *(one.key for one in failed)]))[
        -SUSPECTS_MAX:
    ]
    if blamed is None and breaker.state is not State.PROBING and failures < FAILURES_MAX:
        return replace(breaker, failures=failures, reason=told.reason, suspects=suspects)
    # Waiting longer each time is for a channel that fails, not for one message that fails again.
    opened = breaker.opened if len(suspects) == 1 else min(breaker.opened + 1, 10)
    open_s = spread(min(OPEN_S * 2**breaker.opened, OPEN_MOST_S), luck)
    until = now + timedelta(seconds=open_s)
    return Breaker(State.OPEN, failures, opened, until, told.reason, suspects)


def is_failure(one: Sent) -> bool:
    """Whether the channel is to blame, not the message, its phone or the hour."""
    return one.hint is Hint.PAUSE or (
        one.hint is None and one.outcome in (Outcome.RETRY, Outcome.UNKNOWN)
    )


def again_s(tries: int, luck: float) -> float:
    """Seconds until a message that was not sent is tried again, after so many tries.

    >>> again_s(1, 0.5), again_s(3, 0.0), again_s(3, 1.0), again_s(30, 0.5)
    (15.0, 45.0, 75.0, 900.0)
    """
    return spread(min(AGAIN_S * 2 ** min(tries - 1, 10), AGAIN_MOST_S), luck)


def spread(seconds: float, luck: float) -> float:
    """A quarter more or less, so that what failed together does not come again together."""
    return seconds * (0.75 + luck / 2)
