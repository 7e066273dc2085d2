"""The delay of the providers' clocks, measured by the times in their messages."""

from collections import defaultdict, deque
from datetime import timedelta

_KEPT, _ENOUGH = 20, 5
# A time without a zone is off by a multiple of 15 minutes, and a clock may be ahead by up to one
# minute.
_ZONE, _AHEAD = timedelta(minutes=15), timedelta(minutes=1)


class ProviderClocks:
    """The delays of each channel's latest messages.

    The shortest of them must come from the clock.
    """

    def __init__(self) -> None:
        self._delays: defaultdict[tuple[str, bool], deque[timedelta]] = defaultdict(
            lambda: deque(maxlen=_KEPT)
        )

    def note(self, channel: str, delay: timedelta, *, zoned: bool) -> None:
        """Record the time between the provider's time stamp and the arrival of its message."""
        self._delays[channel, zoned].append(delay)

    def behind(self, channel: str, *, zoned: bool) -> timedelta:
        """Return the delay of the provider's times that is certain.

        It comes from a zone that the times do not name or, where enough messages show it, from a
        wrong clock.

        >>> clocks = ProviderClocks()
        >>> for seconds in (300, 302, 301, 307, 340):
        ...     clocks.note("at", timedelta(seconds=seconds), zoned=True)
        >>> clocks.behind("at", zoned=True).total_seconds()
        300.0
        >>> clocks.behind("kannel", zoned=True).total_seconds()
        0.0
        >>> clocks.note("lokal", timedelta(hours=3, seconds=2), zoned=False)
        >>> clocks.behind("lokal", zoned=False)
        datetime.timedelta(seconds=10800)
        """
        delays = self._delays[channel, zoned]
        least = min(delays, default=timedelta())
        zone = timedelta() if zoned else (least + _AHEAD) // _ZONE * _ZONE
        clock = max(timedelta(), least - zone) if len(delays) >= _ENOUGH else timedelta()
        return zone + clock
