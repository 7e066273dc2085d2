"""Typed values that were declared: equal ones are one answer, and none is near another."""

import pytest

from gateway.qa.answers import typed as typed_answers
from gateway.qa.judging.overlap import FixedOverlap, judge
from gateway.qa.skills.skill import Skill
from gateway.qa.text.aggregate import aggregate
from gateway.qa.typed.near import grouped, says_same
from gateway.qa.typed.normalise import tag

EXACT = tag("sw", "exact")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1234567890123456789", "1234567890123456780"), ("-5", "5"), ("1.5", "15"), ("2026-05-03", "2026-05-30")],
)  # fmt: skip
def test_numbers_and_dates_are_the_same_or_others(one: str, other: str) -> None:
    assert says_same(one, one, EXACT)
    assert not says_same(one, other, EXACT)
    assert len(set(grouped([one, other, one], EXACT))) == 2


def test_a_text_with_another_number_in_it_is_another_text() -> None:
    sold = "sold to Mama Njeri at the corner for {} shillings"
    assert not says_same(sold.format(1250), sold.format(1350))
    assert not says_same(sold.format("12.5"), sold.format("125"))
    assert says_same(sold.format(1250), sold.format(1250).replace("corner", "cornr"))
    told = "we were there for {} weeks and it rained a lot on most of the days"
    assert says_same(told.format(2), told.format("two")), "a word for a number is no other number"


def test_the_value_given_most_wins_whatever_the_others_look_like() -> None:
    """Three single answers that resemble each other are no majority."""
    said = ("2031-11-30", "2031-11-30", "2026-05-03", "2026-05-13", "2026-05-23")
    rows = [("t", f"w{n}", value) for n, value in enumerate(said)]
    assert aggregate(rows, language=EXACT).value == ("2031-11-30",)
    verdict = judge(typed_answers, said, [Skill()] * 5, (), FixedOverlap(5), language=EXACT)
    assert verdict.value == "2031-11-30"
