"""The reading of one SMS before its meaning is known.

It is a command word with its rest, or other words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from gateway.conversation.context import Phrasebooks
from gateway.phrases import Phrasebook, book_in
from gateway.phrases.book import ENGLISH
from gateway.phrases.hearing import clean, fold

# This pattern stands between the command word and the rest. A sign or point that belongs to a
# number stays with it: "PAY -5" and "PAY .5" are no "PAY 5". In "PAY-100" and "PAY.100" it only
# separates.
_BETWEEN = r"(?:[\s:;=]|[.,\-](?!\d)|(?<![\s.,\-])[.,\-])*"
_FIRST_WORD = re.compile(rf"[\W_]*([^\W_]+){_BETWEEN}(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParsedSms:
    """An SMS as read."""

    said: str
    """The worker's words, harmless to store and to show."""
    words: tuple[str, ...]
    """The words, folded."""
    command: str | None
    """The command that the first word means, and None for no command."""
    rest: str
    """The text behind the command word, as typed."""
    language: str
    """The language to which the command word belongs."""
    typed: str = ""
    """The whole text with its line ends, for readers of several answers in one message."""

    @property
    def alone(self) -> bool:
        """Return True when the command is the whole message, perhaps said twice."""
        return len(set(self.words)) == 1

    @property
    def arguments(self) -> list[str]:
        return self.rest.split()


def parse_text(said: str, own: Phrasebook, books: Phrasebooks) -> ParsedSms:
    """Read one SMS.

    The worker's own language is looked at first, then English, then all others.
    """
    text = clean(said)
    words = tuple(fold(text).split())
    first = _FIRST_WORD.match(text)
    word = fold(first[1]) if first else ""
    for book in _in_order(own, books):
        command = book.command(word) if word else None
        if command:
            # English words are in every book, so only a word of its own tells the language.
            english = book_in(ENGLISH, books).command(word) is not None
            language = own.language if english else book.language
            return ParsedSms(
                text, words, command, first[2].strip() if first else "", language, said
            )
    return ParsedSms(text, words, None, "", own.language, said)


def is_stop(heard: ParsedSms, books: Phrasebooks) -> bool:
    """Return True for STOP in any language and nothing else: "STOP 12345" is another message."""
    if heard.alone and any(heard.words[0] in book.words.stop for book in books.values()):
        return True
    # What a converter broke cannot be repaired, but it is compared with each word broken alike.
    return not heard.said.isascii() and heard.said in _broken_stops(tuple(books.values()))


@cache
def _broken_stops(books: tuple[Phrasebook, ...]) -> frozenset[str]:
    """Return each word for STOP as a converter leaves it that takes UTF-8 for Windows-1252.

    Windows-1252 has no letter for five bytes. Converters leave these out, or write a sign instead.
    What is left of a word is no text that a worker may have typed.
    """
    words = {word.strip() for book in books for word in book.say("word.stop").split(",")}
    lost = {word for word in words if not word.isascii()}
    return frozenset(
        clean(word.encode().decode("cp1252", "replace").replace("\ufffd", sign))
        for word in lost
        for sign in ("\ufffd", "?", "")
    )


def says_not_me(heard: ParsedSms, books: Phrasebooks) -> bool:
    """Return True when an SMS says NOTME in any language, as one word or as several."""
    said = "".join(heard.words)
    return any(said in book.words.not_me for book in books.values())


def says_stop(said: str, own: Phrasebook, books: Phrasebooks) -> bool:
    """Return True for a key or text that is STOP in any language and nothing else.

    Most keys are a digit, which no language has as a command word.
    """
    return not said.isdigit() and is_stop(parse_text(said, own, books), books)


def language_named(word: str, books: Phrasebooks) -> str | None:
    """Return the language that a code or name means, e.g. "kiswahili", or None."""
    folded = fold(word)
    return next((book.language for book in books.values() if folded in book.names), None)


def code_known(code: str, known: Iterable[str]) -> str | None:
    """Return the partner code as it is stored, however it was typed, or None."""
    folded = fold(code)
    return next((each for each in known if folded and fold(each) == folded), None)


def _in_order(own: Phrasebook, books: Phrasebooks) -> Iterable[Phrasebook]:
    yield own
    yield from (book for book in books.values() if book is not own)
