"""Every phrase in every language: there, complete, in the SMS alphabet, and within its budget at its longest."""

import re
import string
from pathlib import Path

import pytest
import smsutil

import gateway
from gateway.phrases import Phrasebook, books
from gateway.phrases.septets import septets

BOOKS = books()
LANGUAGES = sorted(BOOKS)
ENGLISH = BOOKS["en"]
NAME_WITH_BLANK = {"agreed.welcome", "start.back", "invite.again", "menu.home"}
EXAMPLE = re.compile(r"^\{(\w+)\}: (.+)$")
BUDGET = re.compile(r"^budget: (\d+)$")


def texts(book: Phrasebook, key: str) -> list[str]:
    said = book.message(key).string
    return [said] if isinstance(said, str) else list(said)


def longest(book: Phrasebook, key: str) -> dict[str, str]:
    found = {m[1]: m[2] for line in book.message(key).auto_comments if (m := EXAMPLE.match(line))}
    if key in NAME_WITH_BLANK:
        found["name"] = f" {found['name']}"
    return found


def budget_septets(book: Phrasebook, key: str) -> int | None:
    return next(
        (int(m[1]) for c in book.message(key).auto_comments if (m := BUDGET.match(c))), None
    )


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def is_words(key: str) -> bool:
    return key.startswith(("word.", "answer_word."))


def test_the_languages_of_the_first_release_are_there() -> None:
    assert {"en", "sw", "fr"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same_things(language: str) -> None:
    assert BOOKS[language].keys == ENGLISH.keys
    for key in ENGLISH.keys:
        ours, english = texts(BOOKS[language], key), texts(ENGLISH, key)
        wanted = set().union(*map(placeholders, english))
        for text in ours:
            assert placeholders(text) == wanted, (language, key)
        assert budget_septets(BOOKS[language], key) == budget_septets(ENGLISH, key), (language, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_fits_its_budget_with_the_longest_values(language: str) -> None:
    book = BOOKS[language]
    for key in sorted(book.keys):
        for text in texts(book, key):
            full = text.format(**longest(book, key))
            assert full.strip() == full or key in NAME_WITH_BLANK
            if is_words(key):
                continue
            length, budget = septets(full), budget_septets(book, key)
            assert budget is not None, f"{language}: {key} has no budget"
            assert length is not None, f"{language}: {key} leaves the SMS alphabet: {full}"
            assert length <= budget, f"{language}: {key} is {length} of {budget} septets: {full}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_and_notices_fit_one_sms_or_their_part_of_a_screen(language: str) -> None:
    book = BOOKS[language]
    for key in book.keys:
        budget = budget_septets(book, key)
        if key.startswith("notice."):
            assert budget is not None and budget <= 60
        elif budget is not None:
            assert budget <= 160
        if budget:
            for text in texts(book, key):
                assert len(smsutil.split(text.format(**longest(book, key))).parts) == 1


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
        for text in texts(book, key):
            for word in re.findall(r"\b[A-Z]{3,}\b", re.sub(r"\{\w+\}", "", text)):
                assert word.casefold() in known | no_commands, (language, key, word)


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
    silent = {k for k in ENGLISH.keys if k not in quoted and k.partition(".")[0] not in built}
    assert silent == set()
