"""The circuit breaker of a channel, and the delay before a message is tried again.

A channel that keeps failing is left alone for a while and then tried with one message.

- closed -> open: after several failures in a row, or at once where the account is to blame (no
  money, a wrong key).
- open -> probing: the waiting time is over, and one message may be sent.
- probing -> closed when the provider took that message; else open again, for twice as long.

The messages that failed are suspects. Another message is sent as the probe. While a single message
is suspected, the next other message is sent at once, so that one undeliverable message does not
delay the others.

This module is pure: the caller passes the time and the luck (a random number from 0 to 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.sms.port import Hint, SendStatus, Sent

FAILURES_MAX = 5
OPEN_S, OPEN_MOST_S = 30.0, 900.0
AGAIN_S, AGAIN_MOST_S = 15.0, 900.0
TRIES_MAX = 10
SUSPECTS_MAX = 20


class BreakerState(StrEnum):
    """The state of a circuit breaker."""

    CLOSED = "closed"  # the channel works
    OPEN = "open"
    PROBING = "probing"  # one message is on its way as a test


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a channel's circuit breaker."""

    state: BreakerState = BreakerState.CLOSED
    """The current state."""
    failures: int = 0
    """The number of failures in a row."""
    opened: int = 0
    """The number of times in a row that the breaker opened."""
    until: datetime | None = None
    """The time from which an open breaker may be tried."""
    reason: str | None = None
    """The provider's reason for the latest failure."""
    suspects: tuple[str, ...] = ()
    """The keys of the latest messages that failed since the channel last worked."""


def state_after(breaker: Breaker, sent: Sequence[Sent], now: datetime, luck: float) -> Breaker:
    """Return the state of the breaker after the provider's answers `sent`."""
    failed = [one for one in sent if is_failure(one)]
    blamed = next((one for one in failed if one.hint is Hint.PAUSE), None)
    if any(one.outcome is SendStatus.ACCEPTED for one in sent):
        # The channel works, so a message that was refused beside this one is itself to blame.
        return Breaker()
    if blamed is None and len(failed) < len(sent):
        return Breaker()  # The provider refused a message for good, so the channel works.
    if not failed:
        return breaker
    failures = breaker.failures + len(failed)
    told = blamed or failed[-1]
    suspects = tuple(dict.fromkeys([*breaker.suspects, *(one.key for one in failed)]))[
        -SUSPECTS_MAX:
    ]
    if blamed is None and breaker.state is not BreakerState.PROBING and failures < FAILURES_MAX:
        return replace(breaker, failures=failures, reason=told.reason, suspects=suspects)
    # The waiting time grows for a channel that fails, not for a single message that fails again.
    opened = breaker.opened if len(suspects) == 1 else min(breaker.opened + 1, 10)
    open_s = spread(min(OPEN_S * 2**breaker.opened, OPEN_MOST_S), luck)
    until = now + timedelta(seconds=open_s)
    return Breaker(BreakerState.OPEN, failures, opened, until, told.reason, suspects)


def is_failure(one: Sent) -> bool:
    """Return True if the channel is to blame, and not the message, its phone or the hour."""
    return one.hint is Hint.PAUSE or (
        one.hint is None and one.outcome in (SendStatus.RETRY, SendStatus.UNKNOWN)
    )


def again_s(tries: int, luck: float) -> float:
    """Return the seconds until a message that was not sent is tried again, after `tries` tries.

    >>> again_s(1, 0.5), again_s(3, 0.0), again_s(3, 1.0), again_s(30, 0.5)
    (15.0, 45.0, 75.0, 900.0)
    """
    return spread(min(AGAIN_S * 2 ** min(tries - 1, 10), AGAIN_MOST_S), luck)


def spread(seconds: float, luck: float) -> float:
    """Return `seconds` changed by up to a quarter.

    Messages that failed together therefore do not return together.
    """
    return seconds * (0.75 + luck / 2)
