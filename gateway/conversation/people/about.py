"""The optional statement of a worker about herself: ABOUT W 1999 R D3, and ABOUT NO.

It is free, it changes nothing about her work, and it is published only in totals of larger groups.
Each part is optional. A new statement takes the place of the one before.
"""

import re
from collections.abc import Callable

from gateway.conversation.context import Context
from gateway.conversation.facts import AboutTold, AboutWithdrawn, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.phrases import Phrasebook
from gateway.phrases.hearing import fold

OLDEST, YOUNGEST = 1920, 2016
"""The years of birth that a statement may name."""
DEPENDENTS_MAX = 30
_DEPENDENTS = re.compile(r"d(\d{1,2})")


def statement_said(text: str, book: Phrasebook) -> AboutTold | None:
    """Return the statement in the words behind ABOUT, or None unless all of them are understood."""
    told = AboutTold()
    for word in fold(text).split():
        part = next((found for read in _READERS if (found := read(word, book))), None)
        if part is None or part == told:
            return None
        told = _joined(told, part)
    return None if told == AboutTold() else told


def about(context: Context, heard: ParsedSms) -> Turn:
    """Answer ABOUT: the statement, its withdrawal, or how to give one."""
    if fold(heard.rest) in context.book.words.no:
        return Turn((AboutWithdrawn(),), context.say("about.deleted"))
    told = statement_said(heard.rest, context.book) if heard.rest else None
    if told is None:
        return Turn((), context.say("about.how"))
    return Turn((told,), context.say("about.kept", statement=shown(told)))


def shown(told: AboutTold) -> str:
    """Return a statement as a worker types it.

    >>> shown(AboutTold("woman", 1999, refugee=True, dependents=3))
    'W 1999 R D3'
    """
    letter = {"woman": "W", "man": "M", "other": "O"}.get(told.gender or "", "")
    year = str(told.birth_year or "")
    refugee = "R" if told.refugee else ""
    dependents = f"D{told.dependents}" if told.dependents is not None else ""
    return " ".join(part for part in (letter, year, refugee, dependents) if part)


def birth_year(word: str) -> int | None:
    """Return a plausible year of birth, or None.

    >>> birth_year("1999"), birth_year("99"), birth_year("2025")
    (1999, None, None)
    """
    year = int(word) if word.isdecimal() and len(word) == len("1999") else 0
    return year if OLDEST <= year <= YOUNGEST else None


def _gender(word: str, book: Phrasebook) -> AboutTold | None:
    for gender in ("woman", "man", "other"):
        words = {fold(one) for one in book.listed(f"answer_word.about_{gender}")}
        if word == gender[0] or word in words:
            return AboutTold(gender=gender)
    return None


def _year(word: str, _book: Phrasebook) -> AboutTold | None:
    year = birth_year(word)
    return AboutTold(birth_year=year) if year else None


def _refugee(word: str, book: Phrasebook) -> AboutTold | None:
    words = {fold(one) for one in book.listed("answer_word.about_refugee")}
    return AboutTold(refugee=True) if word == "r" or word in words else None


def _dependents(word: str, _book: Phrasebook) -> AboutTold | None:
    found = _DEPENDENTS.fullmatch(word)
    number = int(found[1]) if found else DEPENDENTS_MAX + 1
    return AboutTold(dependents=number) if number <= DEPENDENTS_MAX else None


_READERS: tuple[Callable[[str, Phrasebook], AboutTold | None], ...] = (
    _gender,
    _year,
    _refugee,
    _dependents,
)


def _joined(one: AboutTold, other: AboutTold) -> AboutTold:
    return AboutTold(
        other.gender or one.gender,
        other.birth_year or one.birth_year,
        other.refugee if other.refugee is not None else one.refugee,
        other.dependents if other.dependents is not None else one.dependents,
    )
