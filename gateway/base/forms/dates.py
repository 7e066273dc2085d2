"""The dates that providers write, and how reliable each is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from functools import partial
from zoneinfo import ZoneInfo

from gateway.base.errors import Refused

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DIGITS_AS = {14: "%Y%m%d%H%M%S", 12: "%y%m%d%H%M%S"}
_TO_THE_SECOND = re.compile(r"\d{1,2}[:.]\d{2}[:.]\d{2}")
_ZONE_NAME = re.compile(r"\s*\b(?:UTC|GMT|Z)$", re.IGNORECASE)
_SHAPES = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %B %Y %H:%M:%S",
    "%d-%b-%Y %H:%M", "%d %b %Y %H:%M", "%d %B %Y %H:%M", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d",
    "%b %d, %Y %I:%M:%S %p", "%b %d %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", "%y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S", "%Y%m%d %H%M%S",
)  # fmt: skip
_DAY_AND_MONTH = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T,]+(.+))?")
_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class ProviderTime:
    """A provider's time."""

    at: datetime
    """The time in UTC."""
    exact: bool
    """The date names the second. Midnight does not count, since a bare day is written so."""
    zoned: bool
    """The date or the settings name a time zone."""


def stamp(
    written: str, zone: str | None = None, *, day_first: bool | None = None
) -> ProviderTime | None:
    """Return the time of a date in any common format, or None for an ambiguous or invalid date.

    `zone` is the zone of dates that name none. Without it they are taken as UTC and not `zoned`.
    `day_first` says how 05/06/2026 is meant, if that is known. With hyphens or points the day comes
    first by default.

    >>> found = stamp("1479746072"); found.at.year, found.exact, found.zoned
    (2016, True, True)
    >>> [stamp(d).at.isoformat() for d in ("20261121163432", "21/11/2026 16:34:32")]
    ['2026-11-21T16:34:32+00:00', '2026-11-21T16:34:32+00:00']
    >>> stamp("Sat, 21 Nov 2026 16:34:32 +0300").at.isoformat()
    '2026-11-21T13:34:32+00:00'
    >>> stamp("05/06/2026 10:00:00"), stamp("yesterday"), stamp("2026-11-21").exact
    (None, None, False)
    >>> stamp("05/06/2026 10:00", day_first=True).at.isoformat(), stamp("5.6.2026").at.isoformat()
    ('2026-06-05T10:00:00+00:00', '2026-06-05T00:00:00+00:00')
    """
    said = " ".join(written.split())
    if not said:
        return None
    found = _epoch(said) or _worded(said, day_first=day_first)
    if found is None:
        return None
    at, exact = found
    exact = exact and at.timetz().replace(tzinfo=None) != time()
    zoned = at.tzinfo is not None or zone is not None
    try:
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return ProviderTime(at, exact, zoned) if _EARLIEST <= at < _LATEST else None


def _epoch(said: str) -> tuple[datetime, bool] | None:
    """Read a count of seconds (or finer units) since 1970, or the digits of a date in a row.

    Return the time and whether it is exact, or None.
    """
    number = said.partition(".")[0]
    if not (number.isascii() and number.isdigit()):
        return None
    scales = {9: 1, 10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
    if len(number) in scales:
        return _moment(int(number) / scales[len(number)], UTC), True
    shape = _DIGITS_AS.get(len(number))
    try:
        return (datetime.strptime(number, shape), True) if shape else None  # noqa: DTZ007  # its zone comes later
    except ValueError:
        return None


def _moment(seconds: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(seconds, zone)


def day_order(texts: Iterable[str]) -> bool | None:
    """Return whether the day comes before the month, or None when no date of the file proves it.

    Raises Refused when the dates prove both orders.

    >>> day_order(["05/06/2026 10:00", "21/06/2026 10:00"]), day_order(["06/21/2026"])
    (True, False)
    >>> day_order(["05/06/2026", "x"])
    """
    proven: dict[bool, str] = {}
    for text in texts:
        found = _DAY_AND_MONTH.fullmatch(" ".join(text.split()))
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        if (first > _MONTHS) != (second > _MONTHS):
            proven.setdefault(first > _MONTHS, text)
    if len(proven) > 1:
        raise Refused(
            f"dates have two orders: {proven[True]!r} and {proven[False]!r}; write all of them alike"
        )
    return next(iter(proven), None)


def _worded(said: str, *, day_first: bool | None) -> tuple[datetime, bool] | None:
    bare = _ZONE_NAME.sub("", said) if not said.endswith(("Z", "z")) or " " in said[-2:] else said
    zone = UTC if bare != said else None
    exact = _TO_THE_SECOND.search(said) is not None
    numbered = partial(_numbered, day_first=day_first)
    for read in (datetime.fromisoformat, numbered, _shaped, parsedate_to_datetime):
        try:
            at = read(bare)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        if at is not None:
            return (at.replace(tzinfo=zone) if zone and at.tzinfo is None else at), exact
    return None


def _shaped(said: str) -> datetime | None:
    for shape in _SHAPES:
        try:
            return datetime.strptime(said, shape)  # noqa: DTZ007  # its zone comes later
        except ValueError:
            continue
    return None


def _numbered(said: str, *, day_first: bool | None) -> datetime | None:
    """Return a date of numbers alone, like 21/11/2026.

    Return None when neither the numbers nor the caller show which of them is the day.
    """
    found = _DAY_AND_MONTH.fullmatch(said)
    if not found:
        return None
    first, mark, second, year, clock = int(found[1]), found[2], int(found[3]), found[4], found[5]
    either = first <= _MONTHS and second <= _MONTHS and first != second
    if either and day_first is None and mark == "/":
        return None
    in_order = day_first is not False if either else second <= _MONTHS
    day, month = (first, second) if in_order else (second, first)
    for shape in _CLOCKS if clock else ("",):
        try:
            return datetime.strptime(f"{year}-{month}-{day} {clock or ''}", f"%Y-%m-%d {shape}")  # noqa: DTZ007  # its zone comes later
        except ValueError:
            continue
    return None
