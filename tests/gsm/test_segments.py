# ruff: noqa: RUF001  letters that look alike are what is tested
"""Counting of segments: worked examples, an independent counter, and laws for every text.

The speed is measured by `bench/segments.py`.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smsutil import split

from gateway.base.errors import SettingsError
from gateway.base.plugins import kinds
from gateway.gsm import alphabet, shifts
from gateway.gsm.segments import count_segments, split_parts

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "segments.json").read_text()
)["texts"]
SEPTETS = sorted(alphabet.BASIC | alphabet.EXTENSION)
# Runs make long texts likely, which is where borders are.
gsm = st.lists(
    st.tuples(st.sampled_from([*SEPTETS, "€", "{"]), st.integers(1, 90)), max_size=12
).map(lambda runs: "".join(ch * times for ch, times in runs))
anything = st.lists(
    st.tuples(
        st.characters(exclude_categories=["Cs"]) | st.sampled_from("aሀ😀ŋé\u0301"),
        st.integers(1, 60),
    ),
    max_size=12,
).map(lambda runs: "".join(ch * times for ch, times in runs))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["what"])
def test_worked_examples(case):
    text = "".join(piece * times for piece, times in case["text"])
    counted = count_segments(text)
    assert (counted.encoding, counted.units, counted.segments) == (
        case["encoding"],
        case["units"],
        case["segments"],
    )


@given(gsm.filter(bool) | anything.filter(lambda text: text and "\x1b" not in text))
def test_an_independent_counter_agrees(text):
    """The counter smsutil agrees, with two exceptions.

    It takes the empty text for UCS-2 and the escape for a character.
    """
    theirs, ours = split(text), count_segments(text)
    bytes_per_unit = 1 if ours.encoding == "GSM7" else 2
    assert (theirs.encoding == "gsm0338") == (ours.encoding == "GSM7")
    assert theirs.total_bytes == ours.units * bytes_per_unit
    assert len(theirs.parts) == ours.segments


@given(gsm | anything, st.sampled_from([None, "tr", "es", "pt"]))
def test_parts_are_the_whole_text_in_as_many_parts_as_counted(text, shift):
    cut, counted = split_parts(text, shift), count_segments(text, shift)
    assert "".join(cut) == text
    assert len(cut) == counted.segments
    limit = 160 if counted.encoding == "GSM7" else 70
    assert all(sum(_units(ch, counted.encoding, shift) for ch in part) <= limit for part in cut)


def _units(ch, encoding, shift):
    if encoding == "UCS2":
        return len(ch.encode("utf-16-le")) // 2
    tables = alphabet.shift(shift) if shift else None
    return 1 if ch in alphabet.BASIC or (tables and tables.locking and ch in tables.locking) else 2


@given(gsm | anything)
def test_units_left_is_how_much_more_fits_for_the_same_money(text):
    counted = count_segments(text)
    filler = "a"
    assert count_segments(text + filler * counted.units_left).segments == counted.segments
    assert count_segments(text + filler * (counted.units_left + 1)).segments == counted.segments + 1


def test_letters_keep_their_marks_and_families_stay_together():
    family = "👨‍👩‍👧"
    cut = split_parts("ŋ" * 64 + family + "x" * 40)
    assert cut[0] == "ŋ" * 64
    assert cut[1].startswith(family)
    assert split_parts("ŋ" * 66 + "e\u0301" + "x" * 40)[1].startswith("e\u0301")


def test_marks_that_would_cost_a_part_are_cut_as_the_network_cuts_them():
    text = "ŋ" * 66 + "e\u0301" + "x" * 66
    assert count_segments(text).segments == 2
    assert len(split_parts(text)) == 2


def test_a_text_of_marks_only_is_cut_anyway():
    text = "\u0301" * 200
    assert "".join(split_parts(text)) == text


def test_national_tables_count_only_where_the_channel_sends_them():
    turkish = "ışığı söndür " * 10
    assert count_segments(turkish).encoding == "UCS2"
    assert count_segments(turkish, "tr")[:3] == ("GSM7", 130, 1)
    assert count_segments("ação " * 30, "pt").table == "pt locking"
    assert count_segments("São Paulo", "pt").table == "pt single"
    assert count_segments("plain", "pt").table is None


@pytest.mark.parametrize(
    ("text", "shift"), [("á" + "a" * 153, "es"), ("ı" * 155, "tr")], ids=["single", "locking"]
)
def test_a_national_table_costs_its_header(text, shift):
    """155 septets alone, 149 in a part of many."""
    assert count_segments(text, shift)[1:4] == (155, 1, 0)
    assert count_segments(text + "a", shift)[1:4] == (156, 2, 2 * 149 - 156)


def test_both_portuguese_tables_at_once():
    text = "ê" * 140 + "Φ" + "a" * 10
    assert count_segments(text, "pt") == ("GSM7", 152, 1, 0, "pt locking and single")


@pytest.mark.parametrize("language", kinds(shifts))
def test_every_table_has_the_sizes_of_the_standard(language):
    tables = alphabet.shift(language)
    assert tables.single >= alphabet.EXTENSION
    assert tables.locking is None or len(tables.locking) == 127


def test_an_unknown_table_is_named():
    with pytest.raises(SettingsError, match="es, pt, tr"):
        count_segments("ŋ", "xx")


def test_the_default_alphabet_has_127_characters_and_10_more():
    assert (len(alphabet.BASIC), len(alphabet.EXTENSION)) == (127, 10)
