"""Texts address every worker alike, and are punctuated alike within one language."""

import re

import pytest

from gateway.phrases import books
from gateway.phrases.budget import forms, is_words

BOOKS = books()
LANGUAGES = sorted(BOOKS)
# Words that speak to women only, to men only, or of a person as one of them.
OF_ONE_SEX = {
    "en": r"\b(she|he|hers?|him|his)\b",
    "fr": r"\b(celles?|coordinatrices?|désolée?|ravie?|prête?|bienvenus?)\b",
    # Hausa has no form for both. The texts use the masculine as their common form, so a
    # feminine one in between would sound as if the message were for another worker.
    "ha": r"\b(kin|kina|kike|miki|kika|za ki|ki (?:amsa|aika|sake|rubuta)|\w+(?:rki|nki)\b(?<!kirki))",
}
# A part of the word for the week, in the languages of which it is known.
WEEK = {"en": "week", "fr": "hebdo", "sw": "wiki", "ha": "mako", "am": "ሳምንታዊ"}
LABELS = {"key.woman", "key.man", "menu.about", "about.how"}


def texts(language: str) -> list[tuple[str, str]]:
    book = BOOKS[language]
    return [
        (key, text) for key in sorted(book.keys) if not is_words(key) for text in forms(book, key)
    ]


@pytest.mark.parametrize("language", sorted(OF_ONE_SEX))
def test_no_text_speaks_to_one_sex_only(language: str) -> None:
    sexed = re.compile(OF_ONE_SEX[language], re.IGNORECASE)
    found = [(key, text) for key, text in texts(language) if key not in LABELS]
    assert [one for one in found if sexed.search(one[1])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_blank_stands_before_a_mark_or_beside_another_blank(language: str) -> None:
    """French is no exception: a blank costs a letter, and a screen may break the line at it."""
    wrong = re.compile(r" [:!?,.](?!\d)|  | \n|\n ")
    assert [one for one in texts(language) if wrong.search(one[1])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_sms_of_a_worker_names_each_command_once(language: str) -> None:
    """`agreed.waiting` follows `agreed.welcome` in the same SMS."""
    book = BOOKS[language]
    first = f"{forms(book, 'agreed.welcome')[0]} {forms(book, 'agreed.waiting')[0]}"
    for words in ("word.help", "word.stop"):
        commands = forms(book, words)[0].split(", ")
        said = [one for one in commands for _ in re.finditer(rf"\b{one}\b", first)]
        assert said, (language, words, first)
        assert len(said) == len(set(said)), (language, words, first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_ending_the_weekly_sms_does_not_read_like_ending_every_sms(language: str) -> None:
    book = BOOKS[language]
    off, stop = forms(book, "key.week_off")[0], forms(book, "key.stop")[0]
    assert off != stop
    assert WEEK.get(language, "") in off.casefold(), "the text says that only the weekly SMS ends"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_names_the_software(language: str) -> None:
    """A worker knows the work, the number that writes to her, and her coordinator."""
    jargon = re.compile(r"\b(gateways?|API|servers?|plateforme)\b", re.IGNORECASE)
    assert [(key, text) for key, text in texts(language) if jargon.search(text)] == []
