"""What one SMS says, before it is known what it means here: a command word with its rest, or other words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.conversation.talk import Books
from gateway.phrases import Phrasebook, book_in
from gateway.phrases.book import ENGLISH
from gateway.phrases.hearing import clean, fold

# What stands between the word and the rest. A sign or point that belongs to a number stays with it:
# "PAY -5" and "PAY .5" are no "PAY 5"; in "PAY-100" and "PAY.100" it only separates.
_BETWEEN = r"(?:[\s:;=]|[.,\-](?!\d)|(?<![\s.,\-])[.,\-])*"
_FIRST_WORD = re.compile(rf"[\W_]*([^\W_]+){_BETWEEN}(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heard:
    """`said`: her words, harmless to store and to show. `words`: folded. `command`: what the first word asks for,
    None for no command. `rest`: what follows it, as typed. `language`: whose command word it is. `typed`: all of it
    with its line ends, for who reads several answers in one message.
    """

    said: str
    words: tuple[str, ...]
    command: str | None
    rest: str
    language: str
    typed: str = ""

    @property
    def alone(self) -> bool:
        """The command is the whole message, perhaps said twice."""
        return len(set(self.words)) == 1

    @property
    def arguments(self) -> list[str]:
        return self.rest.split()


def hear(said: str, own: Phrasebook, books: Books) -> Heard:
    """Read one SMS. A worker's own language is looked at first, then English, then all others."""
    text = clean(said)
    words = tuple(fold(text).split())
    first = _FIRST_WORD.match(text)
    word = fold(first[1]) if first else ""
    for book in _in_order(own, books):
        command = book.command(word) if word else None
        if command:
            # English words are in every book: the language is only told by a word of its own.
            english = book_in(ENGLISH, books).command(word) is not None
            language = own.language if english else book.language
            return Heard(text, words, command, first[2].strip() if first else "", language, said)
    return Heard(text, words, None, "", own.language, said)


def is_stop(heard: Heard, books: Books) -> bool:
    """STOP in any language, and nothing but STOP: "STOP 12345" is something else."""
    return heard.alone and any(heard.words[0] in book.words.stop for book in books.values())


def language_named(word: str, books: Books) -> str | None:
    """The language that a code or name means, e.g. "kiswahili"."""
    folded = fold(word)
    return next((book.language for book in books.values() if folded in book.names), None)


def code_known(code: str, known: Iterable[str]) -> str | None:
    """The partner code as it is kept, however it was typed."""
    folded = fold(code)
    return next((each for each in known if folded and fold(each) == folded), None)


def _in_order(own: Phrasebook, books: Books) -> Iterable[Phrasebook]:
    yield own
    yield from (book for book in books.values() if book is not own)
