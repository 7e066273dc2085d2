# ruff: noqa: RUF001  letters that look alike are what is tested
"""Screens: every one fits, nothing is lost, the choices stay together."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.gsm.segments import count_segments
from gateway.gsm.ussd_fit import count_units, fits_screen
from gateway.ussd.screens import navigation, pages

MORE, BACK = "98 More", "99 Back"
CHOICES = ["1 Yes", "2 No", "3 Not sure"]

words = st.lists(st.text(st.sampled_from("abcé{€ŋሀ😀\u0301"), min_size=1, max_size=14), max_size=80)
plain = st.lists(st.text(st.sampled_from("abcdefgh€{"), min_size=1, max_size=14), max_size=120)
texts = (words | plain).flatmap(
    lambda found: st.sampled_from([" ", "\n", "  "]).map(lambda blank: blank.join(found))
) | st.text(st.sampled_from("aሀ€ "), max_size=600)
budgets = st.sampled_from([80, 130, 160, 182])


def bodies(made):
    """The screens without their navigation."""
    kept = []
    for i, page in enumerate(made):
        lines = page.split("\n")
        if i > 0:
            assert lines.pop() == BACK
        if i < len(made) - 1:
            assert lines.pop() == MORE
        kept.append("\n".join(lines))
    return kept


@given(texts, texts, st.lists(texts, max_size=12), budgets)
def test_every_screen_fits_and_nothing_is_lost(notice, body, choices, budget):
    made = pages(notice, body, choices, budget)
    assert made
    assert all(fits_screen(page, budget) for page in made)
    shown = "".join("".join(each.split()) for each in bodies(made))
    assert shown == "".join("".join([notice, body, *choices]).split())


@given(plain, budgets)
def test_no_word_is_torn_where_words_are_shorter_than_a_screen(found, budget):
    made = pages("", " ".join(found), CHOICES, budget)
    shown = [word for each in bodies(made) for word in each.split()]
    assert shown == found + " ".join(CHOICES).split()


@given(texts, budgets)
def test_choices_that_fit_one_screen_stay_together_on_the_last(body, budget):
    made = pages("", body, CHOICES, budget)
    assert "\n".join(CHOICES) in made[-1]


def test_a_short_question_is_one_screen_without_navigation():
    assert pages("Saved.", "Is the shop open?", ["1 Yes", "2 No"], 160) == [
        "Saved.\nIs the shop open?\n1 Yes\n2 No"
    ]


def test_a_long_question_is_turned_with_98_and_99():
    made = pages("", "word " * 70, CHOICES, 160)
    assert len(made) == 3
    assert made[0].endswith("word\n98 More")
    assert made[1].endswith("word\n98 More\n99 Back")
    assert made[2].endswith("1 Yes\n2 No\n3 Not sure\n99 Back")


def test_too_many_choices_are_spread_and_none_is_cut():
    choices = [f"{i} A rather long name of a category" for i in range(1, 10)]
    made = pages("", "Which one?", choices, 160)
    assert made[0].startswith("Which one?\n1 A rather")
    assert [line for each in bodies(made) for line in each.split("\n")] == ["Which one?", *choices]


def test_a_choice_longer_than_a_screen_is_turned_too():
    made = pages("", "", ["1 " + "long " * 50, "2 short"], 160)
    assert all(fits_screen(page, 160) for page in made)
    assert made[-1].endswith("2 short\n99 Back")


def test_amharic_screens_hold_80_characters():
    made = pages("", "ገበያው ዛሬ ክፍት ነው? " * 10, ["1 አዎ", "2 አይ"], 160)
    assert len(made) > 2
    assert all(count_units(page)[1] <= 80 for page in made)


def test_one_foreign_letter_makes_only_its_own_screen_short():
    made = pages("", "plain words " * 20 + "ሀ " + "plain words " * 20, [], 160)
    assert {count_units(page)[0] for page in made} == {"GSM7", "UCS2"}
    assert all(fits_screen(page, 160) for page in made)


def test_labels_in_other_languages_are_measured():
    made = pages("", "neno " * 60, CHOICES, 160, "98 Endelea mbele", "99 Rudi nyuma")
    assert all(fits_screen(page, 160) for page in made)
    assert made[0].endswith("98 Endelea mbele")


def test_nothing_to_say_is_one_empty_screen():
    assert pages("", "", [], 160) == [""]


def test_ten_thousand_characters_take_little_time():
    started = time.perf_counter()
    made = pages("", "neno refu sana " * 667, CHOICES, 160)
    assert time.perf_counter() - started < 0.5
    assert 60 < len(made) < 90


@pytest.mark.parametrize(
    ("said", "means"), [("98", "more"), (" 99\n", "back"), ("9", None), ("", None), ("98 98", None)]
)
def test_navigation(said, means):
    assert navigation(said) == means


@given(texts | st.text())
def test_ussd_and_sms_agree_what_a_text_weighs(text):
    """USSD and SMS are two packages that do not import each other."""
    assert count_units(text) == count_segments(text)[:2]
