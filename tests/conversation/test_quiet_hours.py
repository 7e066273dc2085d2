"""QUIET: hours are read and repeated as they are said where the worker lives."""

import pytest

from gateway.conversation.facts import QuietChosen

from .people import BOOKS, Person


@pytest.mark.parametrize(
    ("language", "said", "chosen", "told"),
    [
        ("en", "QUIET 21-7", (21, 7), "From 9 pm to 7 am"),
        ("en", "quiet 9 pm - 7 am", (21, 7), "From 9 pm to 7 am"),
        ("sw", "KIMYA saa 3 usiku - saa 1 asubuhi", (21, 7), "Kuanzia saa 3 usiku hadi saa 1 asubuhi"),
        ("sw", "KIMYA 3-1", (3, 1), "Kuanzia saa 9 usiku hadi saa 7 usiku"),
        ("sw", "KIMYA 3 usiku hadi 1 asubuhi", (21, 7), "saa 3 usiku"),
        ("fr", "SILENCE 21 h - 7 h", (21, 7), "De 21 h \u00e0 7 h"),
        ("ha", "SHIRU 9 dare - 7 safe", (21, 7), "karfe 9 na dare"),
        ("am", "\u1338\u1325\u1273 21-7", (21, 7), "\u12a8\u121d\u123d\u1271 3 \u1230\u12d3\u1275"),
    ],
)  # fmt: skip
def test_hours_are_repeated_in_the_words_of_the_place(
    language: str, said: str, chosen: tuple[int, int], told: str
) -> None:
    amina = Person(language=language)
    assert told in (amina.texts(said) or "")
    assert amina.facts == [QuietChosen(*chosen)]


@pytest.mark.parametrize(
    "said", ["QUIET late", "QUIET 9 pm", "QUIET pm - am", "QUIET 25-7", "QUIET 3 usiku - 4"]
)
def test_what_is_no_hour_changes_nothing(said: str) -> None:
    amina = Person()
    assert amina.texts(said) == BOOKS["en"].say("quiet.how")
    assert amina.facts == []


@pytest.mark.parametrize("language", sorted(BOOKS))
def test_every_language_names_each_hour_once(language: str) -> None:
    hours = BOOKS[language].listed("hours.of_day")
    assert len(hours) == len(set(hours)) == 24


def test_languages_are_offered_by_name() -> None:
    amina = Person()
    reply = amina.texts("LANG") or ""
    assert "Kiswahili" in reply
    assert "LANG sw" not in reply
    assert amina.texts("LANG kiswahili") == BOOKS["sw"].say("language.set")
