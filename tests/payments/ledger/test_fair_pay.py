"""The rules of fair pay hold for all figures: time is bounded, and top-ups reach the floor."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from gateway.workers.pay.evenness import gini
from gateway.workers.pay.expected import Floor, pay_quote, price_for
from gateway.workers.pay.measured import TimedAnswer, WorkerPay, batch_pay, worker_pay
from gateway.workers.pay.top_ups import top_ups

START = datetime(2026, 11, 30, 9, tzinfo=UTC)
PAYS = st.lists(
    st.builds(
        WorkerPay,
        worker=st.integers(1, 10_000),
        answers=st.integers(1, 100),
        milliseconds=st.integers(1000, 10_000_000),
        earned_minor=st.integers(1, 1_000_000),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda pay: pay.worker,
)


def seconds(count: float) -> datetime:
    return START + timedelta(seconds=count)


@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 900)), min_size=1, max_size=20))
def test_the_time_is_never_longer_than_the_gap_per_reply_and_never_counted_twice(times):
    given_answers = [TimedAnswer(seconds(at), seconds(at + took), 300) for at, took in times]
    found = worker_pay(1, given_answers, gap_s=120)
    replies = len({answer.answered_at for answer in given_answers})
    whole = max(a.answered_at for a in given_answers) - min(a.asked_at for a in given_answers)
    assert 1000 * replies <= found.milliseconds <= 120_000 * replies
    assert found.milliseconds <= whole / timedelta(milliseconds=1) + 1000 * replies
    assert found.answers == len(times)
    assert found.earned_minor == 300 * len(times)


@given(PAYS, st.integers(1, 100_000_000), st.integers(0, 100_000_000))
def test_top_ups_bring_the_median_to_the_floor_and_stay_within_the_reserve(pays, floor, reserve):
    middle = median(each.hourly for each in pays)
    parts = top_ups(pays, middle, floor, reserve)
    assert all(part > 0 for part in parts.values())
    assert sum(parts.values()) <= reserve
    if middle >= floor:
        assert parts == {}
        return
    enough = 2 * len(pays) + sum(each.earned_minor for each in pays) * Fraction(floor) / middle
    raised = top_ups(pays, middle, floor, int(enough) + 1)
    after = median(
        WorkerPay(p.worker, p.answers, p.milliseconds, p.earned_minor + raised[p.worker]).hourly
        for p in pays
    )
    assert after >= floor


@given(PAYS)
def test_the_tenth_percentile_is_not_above_the_median(pays):
    found = batch_pay(pays)
    assert found is not None
    assert found.p10_minor <= found.median_minor


@given(st.integers(1, 10_000_000), st.floats(0.5, 1000), st.integers(1, 100_000))
def test_the_named_price_reaches_the_floor_and_one_less_does_not(floor, took, price):
    least = price_for(floor, took)
    known = Floor("KE", floor, "an example")

    def below(amount: int) -> bool:
        quote = pay_quote(amount, modelled_s=took, ratios=[], floor=known, slower=1.0)
        assert quote.price_for_floor_minor == least
        return quote.below_floor

    assert not below(least)
    assert least == 1 or below(least - 1)
    assert below(price) == (price < least)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_gini_lies_between_zero_and_one_and_knows_no_order(amounts):
    found = gini(amounts)
    assert -1e-9 <= found < 1
    assert abs(found - gini(list(reversed(amounts)))) < 1e-9
    assert abs(gini([7] * len(amounts))) < 1e-9


@given(st.lists(st.floats(0, 5), max_size=4), st.integers(1, 10_000_000))
def test_answers_that_took_no_time_still_have_a_quote(ratios, price):
    """Programs answer at once, and then a batch was measured with a ratio of zero."""
    quote = pay_quote(price, modelled_s=25.0, ratios=ratios, floor=None, slower=1.0)
    assert 0 < quote.hourly_minor <= price * 3600
