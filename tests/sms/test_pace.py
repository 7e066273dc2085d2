"""A channel's limit holds in every second, as the provider counts it.

The delays of the network change nothing in that.
"""

from bisect import bisect_left
from heapq import heappop, heappush
from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.sms.pace import Pace


def most_in_a_second(arrivals: list[tuple[float, int]]) -> int:
    """The most segments in any second [t, t + 1)."""
    arrivals = sorted(arrivals)
    times = [at for at, _ in arrivals]
    sums = [0, *accumulate(each for _, each in arrivals)]
    # One second less a nanosecond, for the sums of floats.
    return max(sums[bisect_left(times, at + 1 - 1e-9)] - sums[n] for n, at in enumerate(times))


def drained(pace, messages, ways, now=0.0):
    """Send `messages` (segments each), and return the arrivals and the end.

    `ways`: seconds there and back, over and over.
    """
    arrivals, under_way = [], []
    for number, segments in enumerate(messages):
        while True:
            while under_way and under_way[0][0] <= now:
                at, _, call = heappop(under_way)
                pace.answered(call, at)
            wait_s = pace.wait_s(now, segments)
            if not wait_s:
                break
            now = min(now + wait_s, under_way[0][0]) if under_way else now + wait_s
        there_s, back_s = ways[number % len(ways)]
        call = pace.begin(now, segments)
        arrivals.append((now + there_s, segments))
        heappush(under_way, (now + there_s + back_s, number, call))
    for at, _, call in sorted(under_way, key=lambda each: each[0]):
        pace.answered(call, at)
    return arrivals, now


quick = st.floats(0, 0.007)
slow = st.floats(0, 2.0)


@given(
    limit=st.integers(1, 20),
    messages=st.lists(st.integers(1, 4), min_size=1, max_size=60),
    ways=st.lists(st.tuples(quick, quick) | st.tuples(slow, slow), min_size=1, max_size=19),
)
@example(limit=10, messages=[1] * 60, ways=[(0.5, 0.0), *[(0.0, 0.0)] * 12])
@settings(max_examples=80, deadline=None)
def test_no_second_has_more_than_the_limit(limit, messages, ways):
    """The limit holds although a call may arrive at any time before its answer.

    This is so before any delay is known for usual.
    """
    ways = [
        *ways,
        (0.001, 0.001),
    ]  # something quick among them: what is usual is then next to nothing
    arrivals, _ = drained(Pace(limit), [min(each, limit) for each in messages], ways)
    assert most_in_a_second(arrivals) <= limit


@given(limit=st.integers(20, 30), base_s=st.floats(0.02, 0.4), late=st.lists(st.floats(0, 0.012)))
@settings(max_examples=40, deadline=None)
def test_a_provider_far_away_is_never_sent_more_either(limit, base_s, late):
    """The way is long, and some calls are a little later than others."""
    ways = [(base_s + more, base_s) for more in [*late, 0.0]]
    arrivals, _ = drained(Pace(limit), [1] * (limit * 4), ways)
    assert most_in_a_second(arrivals) <= limit


@pytest.mark.parametrize("there_and_back_s", [0.0, 0.004, 0.02, 0.3, 0.9, 3.0])
def test_the_limit_is_used(there_and_back_s):
    """98 % of it at least, near by and far away, once answers have come."""
    pace, way = Pace(200), [(there_and_back_s / 2, there_and_back_s / 2)]
    _, warm = drained(pace, [5] * 80, way)
    _, end = drained(pace, [5] * 400, way, warm)
    assert 2000 / (end - warm) >= 0.98 * 200


def test_calls_begin_evenly_and_lost_time_is_made_good():
    pace = Pace(100)
    arrivals, end = drained(pace, [1] * 50, [(0.0, 0.0)])
    assert end == pytest.approx(49 / 105), "no burst at the beginning"
    assert len({at for at, _ in arrivals}) == 50


def test_a_call_that_hangs_holds_back_what_would_add_up_with_it():
    pace = Pace(10)
    hangs = pace.begin(0.0, 10)
    assert pace.wait_s(3.0, 1) > 0, "its ten may arrive just now"
    pace.answered(hangs, 3.0)
    assert pace.wait_s(3.5, 1) == pytest.approx(0.5)
    assert pace.wait_s(4.0, 1) == 0.0


def test_an_answer_that_never_comes_does_not_stop_the_channel():
    pace = Pace(10)
    pace.begin(0.0, 10)
    assert pace.wait_s(5.9, 1) > 0
    assert pace.wait_s(6.1, 1) == 0


def test_a_long_message_on_a_slow_channel_takes_its_seconds():
    """Three segments at one a second (a US long code): two seconds of silence follow."""
    pace = Pace(1)
    pace.answered(pace.begin(0.0, 3), 0.0)
    assert pace.wait_s(0.0, 1) == pytest.approx(3.0, abs=0.1)


@given(
    limit=st.integers(1, 40),
    first=st.integers(1, 80),
    gap_s=st.floats(0, 1.5),
    ways=st.lists(st.tuples(quick, quick), min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_a_process_that_takes_over_goes_on_where_the_other_stopped(limit, first, gap_s, ways):
    one, two = Pace(limit), Pace(limit)
    before, end = drained(one, [1] * first, ways)
    end += 0.02  # its last answers are in
    two.recall(end + gap_s, [(at - gap_s, each) for at, each in one.memory(end)])
    after, _ = drained(two, [1] * 40, ways, end + gap_s)
    assert most_in_a_second(before + after) <= limit


def test_a_process_that_takes_over_from_the_dead_waits_a_second():
    pace = Pace(10)
    pace.full(100.0)
    assert pace.wait_s(100.0, 1) == pytest.approx(1.0)
