"""Whatever the handset made of them, the same words are the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.gsm.segments import segments
from gateway.gsm.septets import gsm_only, septets
from gateway.phrases.hearing import clean, fold
from gateway.simulator.septets import weigh

ANYTHING = st.text(st.characters(codec=None), max_size=300)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Yes", "yes"),
        ("  YES!!!  ", "yes"),
        ("y\u00e8s", "yes"),
        ("D\u2019accord", "daccord"),
        ("\uff39\uff45\uff53", "yes"),  # full-width letters
        ("\u0661", "1"),  # Arabic-Indic digit
        ("\u0967", "1"),  # Devanagari digit
        ("1\ufe0f\u20e3", "1"),  # keycap emoji
        ("\u200bstop\u200b", "stop"),  # zero-width blanks of a copied text
        ("\ufeffSTOP", "stop"),
        ("a_b", "a b"),
        ("\U0001f44d\U0001f3fd", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_words_are_recognised(typed: str, words: str) -> None:
    assert fold(typed) == words


@given(ANYTHING)
def test_folding_is_total_and_settles(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert once == once.strip()


@given(ANYTHING)
def test_what_is_cleaned_can_be_stored_and_sent(text: str) -> None:
    kept = clean(text)
    kept.encode()
    assert "\0" not in kept
    assert "\n" not in kept
    assert clean(kept) == kept


@given(st.text(st.sampled_from("aé@^{€ \n"), max_size=400) | st.text(max_size=200))
def test_septets_agree_with_an_independent_count(text: str) -> None:
    weight = weigh(text)
    assert septets(text) == (weight.units if weight.encoding == "GSM7" else None)
    if not set("^{€") & set(text) and weight.units < 3000 and all(ord(c) < 0x10000 for c in text):
        assert segments(text) == weight.segments


@given(st.text(max_size=50), st.integers(1, 20))
def test_words_shown_again_stay_in_the_alphabet(text: str, limit: int) -> None:
    shown = septets(gsm_only(text, limit))
    assert shown is not None
    assert 1 <= shown <= limit
