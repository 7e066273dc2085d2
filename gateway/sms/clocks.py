"""How far the clocks of providers are behind ours, as far as their messages tell."""

from collections import defaultdict, deque
from datetime import timedelta

_KEPT, _ENOUGH = 20, 5


class ProviderClocks:
    """The delays of the last messages of each channel: what even the quickest one shows is the clock's fault."""

    def __init__(self) -> None:
        self._delays: defaultdict[str, deque[timedelta]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def note(self, channel: str, delay: timedelta) -> None:
        """Take in the time between what the provider wrote and when the message came."""
        self._delays[channel].append(delay)

    def behind(self, channel: str) -> timedelta:
        """Return how far the clock is surely behind; nothing while too few messages tell.

        >>> clocks = ProviderClocks()
        >>> for seconds in (300, 302, 301, 307, 340): clocks.note("at", timedelta(seconds=seconds))
        >>> clocks.behind("at").total_seconds(), clocks.behind("kannel").total_seconds()
        (300.0, 0.0)
        """
        delays = self._delays[channel]
        return max(timedelta(), min(delays)) if len(delays) >= _ENOUGH else timedelta()
