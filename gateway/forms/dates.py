"""The dates that providers write, and how far each can be trusted."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_DIGITS_AS = {14: "%Y%m%d%H%M%S", 12: "%y%m%d%H%M%S"}
_TO_THE_SECOND = re.compile(r"\d{1,2}[:.]\d{2}[:.]\d{2}")
_ZONE_NAME = re.compile(r"\s*\b(?:UTC|GMT|Z)$", re.IGNORECASE)
_SHAPES = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %B %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p", "%b %d %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%d-%m-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%d %I:%M:%S %p", "%y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S", "%Y%m%d %H%M%S",
)  # fmt: skip
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T,]+(.+)")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A provider's time. `exact`: it names the second; midnight does not, since a bare day is written so.
    `zoned`: it names its zone, or the settings do."""

    at: datetime
    exact: bool
    zoned: bool


def stamp(written: str, zone: str | None = None) -> Stamp | None:
    """Return a date in any of the shapes in use; None for no date, or one that can be read in two ways.

    `zone`: of dates that name none; without it they are taken for UTC and not `zoned`.

    >>> found = stamp("1479746072"); found.at.year, found.exact, found.zoned
    (2016, True, True)
    >>> [stamp(d).at.isoformat() for d in ("20261121163432", "21/11/2026 16:34:32", "Sat, 21 Nov 2026 16:34:32 +0300")]
    ['2026-11-21T16:34:32+00:00', '2026-11-21T16:34:32+00:00', '2026-11-21T13:34:32+00:00']
    >>> stamp("05/06/2026 10:00:00"), stamp("yesterday"), stamp("2026-11-21").exact
    (None, None, False)
    """
    said = " ".join(written.split())
    if not said:
        return None
    found = _epoch(said) or _worded(said)
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
    return Stamp(at, exact, zoned) if _EARLIEST <= at < _LATEST else None


def _epoch(said: str) -> tuple[datetime, bool] | None:
    """Seconds, or milliseconds and finer, since 1970; or all digits of a date in a row."""
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


def _worded(said: str) -> tuple[datetime, bool] | None:
    bare = _ZONE_NAME.sub("", said) if not said.endswith(("Z", "z")) or " " in said[-2:] else said
    zone = UTC if bare != said else None
    exact = _TO_THE_SECOND.search(said) is not None
    for read in (datetime.fromisoformat, _slashed, _shaped, parsedate_to_datetime):
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


def _slashed(said: str) -> datetime | None:
    """21/11/2026: day first where the day shows it, month first likewise, else nobody can say."""
    found = _SLASHED.fullmatch(said)
    if not found:
        return None
    first, second, year, clock = int(found[1]), int(found[2]), found[3], found[4]
    if first <= 12 and second <= 12 and first != second:  # noqa: PLR2004  # months
        return None
    day, month = (first, second) if second <= 12 else (second, first)  # noqa: PLR2004
    for shape in ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"):
        try:
            return datetime.strptime(f"{year}-{month}-{day} {clock}", f"%Y-%m-%d {shape}")  # noqa: DTZ007
        except ValueError:
            continue
    return None
