# ruff: noqa: RUF001  letters that look alike are what is tested
"""Cheaper texts: what may change, what never does, and what the coordinator is shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.gsm.segments import count_segments
from gateway.sms.economy import FOLDED, cheaper


def test_a_curly_quote_is_straightened_and_halves_the_price():
    said = "It’s market day tomorrow: is the shop of Mama Njeri open, and does it sell soap?"
    found = cheaper(said, "en")
    assert (found.before.segments, found.after.segments, found.segments_saved) == (2, 1, 1)
    assert found.diff().startswith("It[’->']s market")
    assert not found.loses_letters


def test_french_loses_its_circumflex_but_not_its_acute():
    found = cheaper(
        "Le marché de la fête est-il près de l’école ? Ça dépend du garçon, cœur…", "fr"
    )
    assert (
        found.text == "Le marché de la fete est-il près de l'école ? Ça dépend du garcon, coeur..."
    )
    assert found.loses_letters
    assert [change.before for change in found.changes] == ["ê", "’", "ç", "œ", "…"]


@pytest.mark.parametrize(
    ("said", "language", "kept"),
    [
        ("ƙofar gidan ɗan kasuwa a buɗe take “yau” " * 2, "ha", "ƙɗ"),
        ("Ọjà náà ṣí sílẹ̀ lónìí “báyìí” àti lọ́la " * 2, "yo", None),
        ("ገበያው ዛሬ ክፍት ነው? “አዎ” " * 4, "am", None),
        ("هل السوق مفتوح اليوم؟ “نعم” " * 4, "ar", None),
        ("Mũndũ ũcio arĩ kũ? “ĩĩ” " * 4, "ki", "ũĩ"),
        (
            "The ɗan kasuwa’s shop is open today and tomorrow, I am told by 👍 people here",
            "en",
            "ɗ👍",
        ),
        (
            "avó e avô vão ao mercado amanhã e depois de amanhã também, se Deus quiser",
            None,
            "óôã",
        ),
    ],
)
def test_letters_no_rule_covers_stay_and_are_reported(said, language, kept):
    found = cheaper(said, language)
    assert found.text == said
    assert found.segments_saved == 0
    assert found.kept
    if kept is not None:
        assert set(found.kept) <= set(kept)
    assert not any(ch.isascii() for ch in found.kept)


def test_nothing_is_suggested_where_nothing_is_saved():
    assert cheaper("Ça va ?", "fr") is None
    assert cheaper("plain", "en") is None
    assert cheaper("ƙofa", "ha") is None


def test_money_signs_become_codes():
    found = cheaper(
        "You earned GH₵5 and may cash out ₦700 today at any agent near the market.", "en"
    )
    assert "GHS 5 and may cash out NGN 700" in found.text


def test_a_no_break_space_is_a_space():
    found = cheaper(
        "Elle a gagné 1\u202f234\u00a0F et peut les retirer chez un agent du marché demain", "fr"
    )
    assert "1 234 F" in found.text
    assert not found.loses_letters


def test_brackets_are_made_round_only_when_that_saves_a_part():
    assert cheaper("[A] or [B]?", "en") is None
    found = cheaper("[A] or [B]? " + "x" * 146, "en")
    assert found.text == "(A) or (B)? " + "x" * 146
    assert found.segments_saved == 1


def test_a_decomposed_accent_is_composed():
    said = (
        "Le marche\u0301 est ouvert aujourd'hui et demain, de huit heures a\u0300 midi ou plus tard"
    )
    assert cheaper(said, "fr").after.segments == 1


texts = st.lists(
    st.sampled_from(["fête ", "l’eau ", "ça", " ", "  ", "« oui »", "\u00a0", "[x]", "avó ", "œuf", "ŒUF",
                     "ƙ", "ሰ", "😀", "…", "a " * 20, "\n", "é", "I\u0307", "\u200b", "½", "₦5"]),
    max_size=25,
).map("".join)  # fmt: skip


def _letters(text):
    """Letters and digits without their marks: what a reader reads."""
    plain = text.replace("œ", "oe").replace("Œ", "OE").replace("₦", "NGN")
    apart = unicodedata.normalize("NFKD", plain)
    return [ch for ch in apart if ch.isalnum()]


@given(texts, st.sampled_from([*FOLDED, "ha", None]))
def test_no_letter_and_no_word_is_ever_lost(said, language):
    found = cheaper(said, language)
    if found is None:
        return
    assert _letters(found.text) == _letters(said)
    assert count_segments(found.text) == found.after
    assert "".join(p if isinstance(p, str) else p.after for p in found.pieces) == found.text
    if found.kept:
        assert found.text == said
    else:
        assert found.segments_saved > 0
        assert found.after.encoding == "GSM7"
        quotes_gone = said.replace("«", " ").replace("»", " ").replace("\u200b", "")
        assert len(found.text.replace('"', " ").split()) >= len(quotes_gone.split()) - said.count(
            "…"
        )


@given(st.text(), st.sampled_from([*FOLDED, None]))
def test_any_text_is_judged(said, language):
    cheaper(said, language)
