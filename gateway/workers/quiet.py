"""Quiet hours: a worker's time zone, her night, and the end of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the day from `from_hour` until `until_hour`; equal hours mean never."""

    from_hour: int
    until_hour: int

    def quiet_at(self, hour: int) -> bool:
        """Return True if `hour` is a quiet one.

        >>> [QuietHours(21, 8).quiet_at(hour) for hour in (20, 21, 0, 7, 8)]
        [False, True, True, True, False]
        >>> QuietHours(12, 14).quiet_at(13), QuietHours(0, 0).quiet_at(3)
        (True, False)
        """
        if self.from_hour <= self.until_hour:
            return self.from_hour <= hour < self.until_hour
        return hour >= self.from_hour or hour < self.until_hour


def parse(written: str) -> QuietHours:
    """Read quiet hours as settings write them, like `21-8`; "" means never.

    >>> parse("21-8"), parse("")
    (QuietHours(from_hour=21, until_hour=8), QuietHours(from_hour=0, until_hour=0))
    """
    start, _, end = (written or "0-0").partition("-")
    return QuietHours(int(start) % 24, int(end) % 24)


def zone_named(said: str) -> str | None:
    """Return the IANA time zone that `said` names by its own name or its city.

    Return None where none or several match.

    >>> zone_named("lubumbashi"), zone_named("Africa/Porto-Novo"), zone_named("Kinshasa.")
    ('Africa/Lubumbashi', 'Africa/Porto-Novo', 'Africa/Kinshasa')
    >>> zone_named("Atlantis")
    """
    return _by_name().get(_letters(said))


@cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    cities: dict[str, set[str]] = {}
    for zone in available_timezones():
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/")):
            found[_letters(zone)] = zone
            cities.setdefault(_letters(zone.rpartition("/")[2]), set()).add(zone)
    return found | {city: next(iter(zones)) for city, zones in cities.items() if len(zones) == 1}


def _letters(said: str) -> str:
    return "".join(ch for ch in said.casefold() if ch.isalpha())


def wakes_at(now: datetime, zone: str, quiet: QuietHours) -> datetime | None:
    """Return the end of the quiet hours that hold at `now`; None when none hold.

    >>> from datetime import UTC
    >>> at_night = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
    >>> str(wakes_at(at_night, "Africa/Nairobi", QuietHours(21, 8)))
    '2026-11-22 08:00:00+03:00'
    >>> wakes_at(at_night, "Africa/Dakar", QuietHours(21, 8)) is None
    True
    """
    there = now.astimezone(ZoneInfo(zone))
    if not quiet.quiet_at(there.hour):
        return None
    morning = there.replace(hour=quiet.until_hour, minute=0, second=0, microsecond=0)
    return morning if morning > there else morning + timedelta(days=1)
