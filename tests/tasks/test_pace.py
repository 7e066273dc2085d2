"""The pace of workers: a finishing time lies in waking hours, and grows with the work."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.workers.pace import (
    Basis,
    CrowdPart,
    Rate,
    WorkedHour,
    default_rate,
    finish_times,
    measured_rate,
    time_of,
    waking_shares,
)
from gateway.workers.quiet import QuietHours

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
QUIET = st.builds(QuietHours, st.integers(0, 23), st.integers(0, 23))
SHARES = st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=24, max_size=24).filter(any)


def given_until(start, end, per_hour, shares):
    """Return the answers that a rate brings between two times, hour by hour."""
    answers, at = 0.0, start
    while at < end:
        until = min(end, at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        answers += per_hour * shares[at.hour] * (until - at).total_seconds() / 3600
        at = until
    return answers


def test_a_rest_from_rounding_does_not_wait_for_the_next_morning():
    """The answers of exactly two working days are there in the evening of the second."""
    day = (0.0,) * 6 + (1.0,) * 12 + (0.0,) * 6
    morning = datetime(2026, 11, 21, 6, tzinfo=UTC)
    for hourly in (48.47, 27.63, 10.0):
        end = time_of(morning, sum([hourly] * 24), hourly, day)
        assert end is not None
        assert abs(end - datetime(2026, 11, 22, 18, tzinfo=UTC)) < timedelta(seconds=1), hourly


@given(MOMENTS, st.floats(0.5, 500), st.floats(0.5, 50), SHARES)
def test_the_answers_are_there_at_the_time_and_not_before(now, answers, per_hour, shares):
    end = time_of(now, answers, per_hour, shares)
    if end is None:
        assert answers / (per_hour * sum(shares)) > 360
        return
    found = given_until(now, end, per_hour, shares)
    assert abs(found - answers) < 0.01 * answers + 0.01
    assert shares[(end - timedelta(microseconds=10)).hour] > 0


@given(MOMENTS, st.floats(1, 1000), st.floats(1, 100), st.floats(0.05, 1.5), SHARES)
def test_a_forecast_is_a_range_around_the_likely_time(now, answers, per_hour, deviation, shares):
    rate = Rate(per_hour, deviation, Basis.MEASURED)
    found = finish_times(now, answers, rate, shares, most=2 * answers)
    if found is not None:
        assert now <= found.earliest <= found.likely
        assert found.latest is None or found.likely <= found.latest


@given(MOMENTS, QUIET)
def test_nobody_is_awake_in_quiet_hours(now, quiet):
    shares = waking_shares([CrowdPart("Africa/Nairobi", quiet, 3)], now)
    asleep = sum(quiet.quiet_at(hour) for hour in range(24))
    assert sum(shares) == 24 - asleep


def test_a_limit_per_day_slows_the_workers_down():
    now = datetime(2026, 11, 21, tzinfo=UTC)
    free, limited = (time_of(now, 100, 50, (1.0,) * 24, most) for most in (10_000, 10))
    assert free == now + timedelta(hours=2)
    assert limited == now + timedelta(days=10)


def test_days_that_differ_make_the_range_wider():
    now = datetime(2026, 11, 21, tzinfo=UTC)

    def rate(days):
        worked = [
            WorkedHour(now - timedelta(days=n, hours=-hour), answers)
            for n, answers in enumerate(days, 1)
            for hour in range(6)
        ]
        return measured_rate(worked, (1.0,) * 24, now, Basis.MEASURED)

    even, uneven = rate([20, 20, 20, 20]), rate([2, 60, 5, 13])
    assert even.per_hour == uneven.per_hour == 20
    assert uneven.deviation > even.deviation
    assert rate([0, 1]) is None, "too little was measured"
    assert default_rate(5).deviation > even.deviation
