"""Every phrase in every language is there, complete, and in the SMS alphabet.

It stays within its budget at its longest.
"""

import re
from pathlib import Path

import pytest
import smsutil
from babel import Locale

import gateway
from gateway.gsm.ussd_fit import fits_screen
from gateway.phrases import books
from gateway.phrases.budget import (
    NAME_WITH_BLANK,
    budget,
    forms,
    is_words,
    longest_texts,
    placeholders,
)
from gateway.ussd.networks import known
from tests.support.alphabets import wide_languages

BOOKS = books()
LANGUAGES = sorted(BOOKS)
ENGLISH = BOOKS["en"]
# Last screens, and the question for consent, which is paged where it must be.
ALONE = {"menu.consent", "menu.help", "menu.stop_done", "menu.declined", "menu.goodbye"}


def test_the_languages_of_the_first_release_are_there() -> None:
    assert {"en", "sw", "fr", "ha", "am"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same_things(language: str) -> None:
    assert BOOKS[language].keys == ENGLISH.keys
    for key in ENGLISH.keys:
        ours, english = forms(BOOKS[language], key), forms(ENGLISH, key)
        wanted = set().union(*map(placeholders, english))
        for text in ours:
            assert placeholders(text) == wanted, (language, key)
        assert budget(BOOKS[language], key) == budget(ENGLISH, key), (language, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_fits_its_budget_with_the_longest_values(language: str) -> None:
    book = BOOKS[language]
    over = [
        f"{w.key}: {w.units} of {w.budget} ({w.encoding}): {w.text}"
        for w in longest_texts(book)
        if not w.fits
    ]
    assert over == []
    for key in book.keys - NAME_WITH_BLANK:
        for text in forms(book, key):
            assert text.strip() == text, key


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - wide_languages()))
def test_languages_of_the_sms_alphabet_stay_in_it(language: str) -> None:
    """One letter outside it would double the price of a message."""
    assert [w.text for w in longest_texts(BOOKS[language]) if w.encoding != "GSM7"] == []


# What quotes other words, or names several things, takes two parts where a letter weighs two.
TWO_PARTS = {
    "why.paid",
    "why.on_way",
    "why.answer",
    "adjust.opened",
    "help.needed",
    "invite.sms",
    "move.request_refused",
}
TWO_PARTS |= {"pay.bonus", "add.again", "add.done_later", "add.which"}
# They name a field as the client calls it, with one or two of its values.
TWO_PARTS |= {"entry.range", "entry.two"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_and_notices_fit_one_sms_as_an_independent_counter_sees_it(language: str) -> None:
    book, two = BOOKS[language], set[str]()
    for weighed in longest_texts(book):
        parts = len(smsutil.split(weighed.text).parts)
        if parts > 1:
            two.add(weighed.key)
            assert parts == 2
    assert two <= (TWO_PARTS if language in wide_languages() else set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_a_screen_fits_the_smallest_screen(language: str) -> None:
    """Its lines for paging fit too: no phrase is ever cut within."""
    book = BOOKS[language]
    smallest = min(network.screen_septets for network in known().values())
    lines = f"\n{book.say('ussd.more')}\n{book.say('ussd.back')}"
    for weighed in longest_texts(book):
        if weighed.key.startswith(("menu.", "notice.", "key.", "ussd.")):
            paged = weighed.text if weighed.key.startswith("ussd.") else weighed.text + lines
            whole = fits_screen(weighed.text, smallest)
            assert whole, weighed
            if not fits_screen(
                paged, smallest
            ):  # then it stands alone: a last screen, or the consent that is paged
                assert weighed.key in ALONE, weighed


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_count_as_the_language_does(language: str) -> None:
    """The rule in the file is the one of the Unicode tables (in Babel's words)."""
    book, counts = BOOKS[language], (0, 1, 2, 3, 11, 101)
    forms_of = Locale.parse(language).plural_form
    kinds = {count: forms_of(count) for count in counts}
    for one in counts:
        for other in counts:
            if one and other and kinds[one] == kinds[other]:
                said = [book.plural("status.workers", n).replace(str(n), "#") for n in (one, other)]
                assert said[0] == said[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_command_words_are_single_distinct_words(language: str) -> None:
    words = BOOKS[language].words
    seen: dict[str, str] = {}
    for name in words.__dataclass_fields__:
        for word in getattr(words, name):
            assert word.isalnum(), word
            assert seen.setdefault(word, name) == name, f"{word} is {name} and {seen[word]}"


def test_a_stop_word_of_one_language_is_no_other_command_anywhere() -> None:
    for book in BOOKS.values():
        for other in BOOKS.values():
            for name in other.words.__dataclass_fields__:
                if name != "stop":
                    assert not book.words.stop & getattr(other.words, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_in_capitals_are_words_that_are_understood(language: str) -> None:
    """A text that says "send KAZI" must not be a lie."""
    book = BOOKS[language]
    known = set().union(*(getattr(book.words, n) for n in book.words.__dataclass_fields__))
    no_commands = {"sms", "kibera", "ref"}
    for key in book.keys:
        if is_words(key):
            continue
        for text in forms(book, key):
            for word in re.findall(r"\b[A-Z]{3,}\b", re.sub(r"\{\w+\}", "", text)):
                assert word.casefold() in known | no_commands, (language, key, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_names_the_words_of_its_own_language(language: str) -> None:
    """A worker who reads Kiswahili is told KWANINI, not WHY, though both are understood.

    (A PIN is a PIN everywhere.)
    """
    book = BOOKS[language]
    own = {
        name: set(re.findall(r"\w+", book.say(f"word.{name}").casefold()))
        for name in ENGLISH.words.__dataclass_fields__
    }
    for key in book.keys:
        if is_words(key):
            continue
        for text in forms(book, key):
            for word in re.findall(r"\b[A-Z]{3,}\b", re.sub(r"\{\w+\}", "", text)):
                named = [n for n in own if word.casefold() in getattr(ENGLISH.words, n)]
                assert word == "PIN" or all(word.casefold() in own[n] for n in named), (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_coordinator_is_told_all_her_words(language: str) -> None:
    book = BOOKS[language]
    text = book.say("help.coordinator").casefold()
    for name in ("add", "remove", "name", "zone", "status"):
        own = re.findall(r"\w+", book.say(f"word.{name}").casefold())
        assert any(word in text for word in own), (name, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_unchecked_texts_are_marked(language: str) -> None:
    assert BOOKS[language].unchecked() == (frozenset() if language == "en" else ENGLISH.keys)


def test_every_phrase_that_code_says_exists_and_every_phrase_is_said() -> None:
    package = Path(gateway.__file__).parent
    # The command line talks to operators in plain English; phrases are for workers.
    files = [p for p in package.rglob("*.py") if "cli" not in p.relative_to(package).parts]
    code = "\n".join(p.read_text() for p in files)
    quoted = set(re.findall(r"[\"']([a-z_]+(?:\.[a-z_]+)?)[\"']", code))
    for said in re.findall(r"\b(?:say|plural)\(\s*[\"']([^\"']+)[\"']", code):
        assert said in ENGLISH.keys, said
    built = {"word", "answer_word", "label"}  # keys put together from parts
    quoted |= {f"key.{part}" for part in quoted} | {f"add.{part}" for part in quoted}
    quoted |= {f"reason.{part}" for part in quoted}
    silent = {k for k in ENGLISH.keys if k not in quoted and k.partition(".")[0] not in built}
    assert silent == set()
