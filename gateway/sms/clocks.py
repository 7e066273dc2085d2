"""How far the clocks of providers are behind ours, as far as their messages tell."""

from collections import defaultdict, deque
from datetime import timedelta

_KEPT, _ENOUGH = 20, 5
# A time that names no zone is off by quarters of an hour; a clock may be ahead by so much.
_ZONE, _AHEAD = timedelta(minutes=15), timedelta(minutes=1)


class ProviderClocks:
    """The delays of the last messages of each channel: what even the quickest one shows is the clock's fault."""

    def __init__(self) -> None:
        self._delays: defaultdict[tuple[str, bool], deque[timedelta]] = defaultdict(
            lambda: deque(maxlen=_KEPT)
        )

    def note(self, channel: str, delay: timedelta, *, zoned: bool) -> None:
        """Take in the time between what the provider wrote and when the message came."""
        self._delays[channel, zoned].append(delay)

    def behind(self, channel: str, *, zoned: bool) -> timedelta:
        """Return how far the provider's times are surely behind: by a zone that they do not name, or, where enough
        messages tell it, by a clock.

        >>> clocks = ProviderClocks()
        >>> for seconds in (300, 302, 301, 307, 340): clocks.note("at", timedelta(seconds=seconds), zoned=True)
        >>> clocks.behind("at", zoned=True).total_seconds(), clocks.behind("kannel", zoned=True).total_seconds()
        (300.0, 0.0)
        >>> clocks.note("lokal", timedelta(hours=3, seconds=2), zoned=False)
        >>> clocks.behind("lokal", zoned=False)
        datetime.timedelta(seconds=10800)
        """
        delays = self._delays[channel, zoned]
        least = min(delays, default=timedelta())
        zone = timedelta() if zoned else (least + _AHEAD) // _ZONE * _ZONE
        clock = max(timedelta(), least - zone) if len(delays) >= _ENOUGH else timedelta()
        return zone + clock
