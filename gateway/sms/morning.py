"""The end of the night at a phone: some networks block advertising senders until 08:00."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.base.msisdn import region_of, zone_of, zone_of_number

_HOUR = 8


def next_morning(msisdn: str, now: datetime) -> datetime:
    """Return the next 08:00 (in UTC) at the home of this number (E.164).

    Where the time zone is not known, return the time eight hours after `now`.

    >>> next_morning("+2348031234567", datetime(2026, 11, 21, 22, 30, tzinfo=UTC)).isoformat()
    '2026-11-22T07:00:00+00:00'
    """
    region = region_of(msisdn)
    zone = zone_of_number(msisdn) or (zone_of(region) if region else "")
    try:
        there = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now + timedelta(hours=_HOUR)
    morning = there.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    if morning <= there:
        morning = (morning + timedelta(days=1)).replace(hour=_HOUR)
    return morning.astimezone(UTC)
