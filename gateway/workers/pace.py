"""The pace of workers, and the time at which a number of answers can be expected.

The rate of answers is measured in the hours in which there was work, and counts only for the share
of the workers who were not in their quiet hours. Every forecast is a range. The middle of the range
assumes the measured rate, and its ends assume a rate that is lower or higher by what the days
differed (a log-normal interval of 80 %). Where too little was measured, the rate is a stated
default with a wide range.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import exp, inf, log, sqrt
from statistics import stdev
from zoneinfo import ZoneInfo

from gateway.workers.quiet import QuietHours

DEFAULT_PER_WORKER = 3.0
"""The answers of a worker in an hour outside her quiet hours, where nothing was measured."""
DEFAULT_DEVIATION = 1.1
"""The standard deviation of the logarithm of such a rate. The range is a factor of four."""
DAYS_DEVIATION, DAYS_DEVIATION_MIN = 0.6, 0.3
"""The deviation of a measured rate with less than three measured days, and the least one."""
DAYS_MIN = 3
"""The days from which on their own deviation counts."""
HOURS_MIN, ANSWERS_MIN = 1.0, 10
"""The waking hours with work, and the answers, from which on a rate counts as measured."""
HORIZON_DAYS = 365
"""The days after which a batch counts as one that does not end."""
Z_80 = 1.2816
"""The quantile of the normal distribution for a two-sided interval of 80 %."""
_HOURS = 24
_HOUR_S = 3600.0
_ROUNDING = 1e-9


class Basis(StrEnum):
    """The origin of a rate."""

    MEASURED = "measured"  # The answers of these workers in the last days.
    BATCH = "batch"  # The answers of the batch itself.
    DEFAULT = "default"  # The stated default, because too little was measured.


@dataclass(frozen=True, slots=True)
class CrowdPart:
    """Some workers with the same quiet hours in the same time zone."""

    zone: str
    """The IANA time zone."""
    quiet: QuietHours
    """The quiet hours."""
    workers: int
    """The number of workers."""


@dataclass(frozen=True, slots=True)
class WorkedHour:
    """An hour in which there was work for the workers."""

    hour: datetime
    """The beginning of the hour."""
    answers: int
    """The number of answers in it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The answers per hour while all of the workers are awake."""

    per_hour: float
    """The expected rate."""
    deviation: float
    """The standard deviation of its logarithm."""
    basis: Basis
    """The origin of the rate."""
    answers: int = 0
    """The measured answers."""
    hours: float = 0.0
    """The measured waking hours."""

    def times(self, share: float) -> "Rate":
        """Return the rate of a share of these workers."""
        return Rate(self.per_hour * share, self.deviation, self.basis, self.answers, self.hours)


@dataclass(frozen=True, slots=True)
class FinishTimes:
    """The time at which the last answer can be expected. A time is None beyond `HORIZON_DAYS`."""

    earliest: datetime
    """The time with the higher rate."""
    likely: datetime
    """The time with the expected rate."""
    latest: datetime | None
    """The time with the lower rate."""


def waking_shares(parts: Sequence[CrowdPart], now: datetime) -> tuple[float, ...]:
    """Return the share of the workers who are not in quiet hours, for each hour of the UTC day.

    A zone that is not whole hours from UTC counts with the hour that begins within it.

    >>> now = datetime(2026, 11, 21, tzinfo=UTC)
    >>> shares = waking_shares([CrowdPart("Africa/Nairobi", QuietHours(21, 8), 4)], now)
    >>> sum(shares), shares[5], shares[17], shares[18]
    (13.0, 1.0, 1.0, 0.0)
    """
    workers = sum(part.workers for part in parts)
    if not workers:
        return (0.0,) * _HOURS
    first = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shares: list[float] = []
    for number in range(_HOURS):
        at = first + timedelta(hours=number)
        awake = sum(
            part.workers
            for part in parts
            if not part.quiet.quiet_at(at.astimezone(ZoneInfo(part.zone)).hour)
        )
        shares.append(awake / workers)
    return tuple(shares)


def measured_rate(
    worked: Sequence[WorkedHour], shares: Sequence[float], now: datetime, basis: Basis
) -> Rate | None:
    """Return the rate of the hours with work, or None where too little was measured.

    >>> noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    >>> hours = [WorkedHour(noon - timedelta(hours=h), 30) for h in (1, 2, 3)]
    >>> measured_rate(hours, (1.0,) * 24, noon, Basis.MEASURED).per_hour
    30.0
    """
    by_day: dict[object, tuple[int, float]] = {}
    for one in worked:
        passed = min(1.0, max(0.0, (now - one.hour).total_seconds() / _HOUR_S))
        answers, hours = by_day.get(one.hour.date(), (0, 0.0))
        share = shares[one.hour.astimezone(UTC).hour]
        # Workers who answer in their quiet hours dialled of their own accord.
        by_day[one.hour.date()] = (answers + one.answers, hours + passed * share)
    answers = sum(number for number, _ in by_day.values())
    hours = sum(length for _, length in by_day.values())
    if answers < ANSWERS_MIN or hours < HOURS_MIN:
        return None
    rates = [log(n / length) for n, length in by_day.values() if n and length >= HOURS_MIN]
    deviation = DAYS_DEVIATION
    if len(rates) >= DAYS_MIN:
        deviation = max(DAYS_DEVIATION_MIN, stdev(rates) * sqrt(1.0 + 1.0 / len(rates)))
    return Rate(answers / hours, sqrt(deviation**2 + 1.0 / answers), basis, answers, hours)


def default_rate(workers: int) -> Rate:
    """Return the rate of workers of whom nothing was measured.

    >>> default_rate(10).per_hour
    30.0
    """
    return Rate(DEFAULT_PER_WORKER * workers, DEFAULT_DEVIATION, Basis.DEFAULT)


def finish_times(
    now: datetime,
    answers: float,
    rate: Rate,
    shares: Sequence[float],
    *,
    day_max: float = inf,
    most: float | None = None,
) -> FinishTimes | None:
    """Return when `answers` answers can be expected, or None for never.

    The lower rate has to bring `most` answers where that is given, since a batch may need more than
    expected. `day_max` is the most answers that the workers may give in a day.

    >>> now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    >>> found = finish_times(now, 60, Rate(30, 0.0, Basis.MEASURED), (1.0,) * 24)
    >>> str(found.likely)
    '2026-11-21 14:00:00+00:00'
    """
    factor = exp(Z_80 * rate.deviation)
    likely = time_of(now, answers, rate.per_hour, shares, day_max)
    earliest = time_of(now, answers, rate.per_hour * factor, shares, day_max)
    if likely is None or earliest is None:
        return None
    wanted = max(answers, most or 0.0)
    latest = time_of(now, wanted, rate.per_hour / factor, shares, day_max)
    return FinishTimes(earliest, likely, latest)


def time_of(
    now: datetime, answers: float, per_hour: float, shares: Sequence[float], day_max: float = inf
) -> datetime | None:
    """Return the time at which this rate has brought `answers`, or None beyond the horizon.

    Whole days are divided out, so that the cost does not depend on the number of answers.

    >>> now = datetime(2026, 11, 21, 20, tzinfo=UTC)
    >>> day = (0.0,) * 6 + (1.0,) * 12 + (0.0,) * 6
    >>> str(time_of(now, 1, 60, day)), str(time_of(now, 36, 1, day))
    ('2026-11-22 06:01:00+00:00', '2026-11-24 18:00:00+00:00')
    """
    if answers <= 0:
        return now
    a_day = per_hour * sum(shares)
    if a_day <= 0.0:
        return None
    # Workers with a limit per day need longer for the same answers.
    per_hour *= min(1.0, day_max / a_day)
    a_day = per_hour * sum(shares)
    # The last whole day is walked through, so that the end lies in a waking hour.
    days = max(0.0, (answers / a_day) // 1 - 1)
    if days > HORIZON_DAYS:
        return None
    left, at = answers - days * a_day, now + timedelta(days=days)
    for _ in range(3 * _HOURS):
        until = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        length = (until - at).total_seconds() / _HOUR_S
        given = per_hour * shares[at.astimezone(UTC).hour] * length
        # A rest from rounding would otherwise wait for the next waking hour.
        if given > 0 and given >= left - _ROUNDING * answers:
            return at + timedelta(hours=length * min(1.0, left / given))
        left, at = left - given, until
    return at
