"""The times of the calls of one delivery, and the end of a webhook that keeps failing."""

from datetime import datetime, timedelta

CALLS_MAX = 12
"""The number of calls after which a delivery has failed."""
DISABLED_AFTER = timedelta(days=5)
"""The time without any successful call after which a webhook is disabled."""
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=8)
_SPREAD = 0.5


def wait_after(attempt: int, chance: float) -> timedelta:
    """Return how long to wait after the failed call number `attempt`, counted from 1.

    The waits double from one minute up to eight hours, so that 12 calls take about 24 hours. Each
    is made up to a quarter shorter or longer by `chance` (0 to 1), so that the calls which failed
    at one moment do not come back at one moment.

    >>> [int(wait_after(n, 0.5) / timedelta(minutes=1)) for n in range(1, 12)]
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 480, 480]
    >>> sum((wait_after(n, 0.5) for n in range(1, 12)), timedelta()) / timedelta(hours=1)
    24.516666666666666
    """
    wait = min(_LONGEST, _FIRST * 2 ** (attempt - 1))
    return wait * (1 - _SPREAD / 2 + _SPREAD * chance)


def is_over(failing_since: datetime | None, now: datetime) -> bool:
    """Return whether a webhook that just failed again is to be disabled."""
    return failing_since is not None and now - failing_since >= DISABLED_AFTER
