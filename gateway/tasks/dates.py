"""Dates as workers write them: the days that a text can mean, and a day in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import cache

from gateway.base.text.characters import plain
from gateway.phrases import Phrasebook, books
from gateway.phrases.hearing import fold
from gateway.tasks import ethiopian

YEAR_MIN, YEAR_MAX = 1800, 2199
_ETHIOPIA = "am"
_TWO_CALENDARS = frozenset({"ETB", "AFN", "IRR", "NPR", "THB"})
"""The currencies of countries where another calendar is in daily use beside the Gregorian one.

Source: CLDR, and Nepal's own calendar.
"""
_YEAR_DIGITS, _DAY_DIGITS, _ALL_DIGITS = 4, 2, 8
_PREFIX_MIN = 3  # letters of a month's name
_PIECE = re.compile(r"\d+|[^\W\d_]+")

Month = tuple[str, int]
"""A calendar (`gregorian`, `ethiopian`) and the number of a month in it."""


def days(said: str, language: str, currency: str = "") -> list[date]:
    """Return every day that `said` can mean, in order; none where it is not a whole date.

    `language` and `currency` tell whether two calendars are in use. There only a month in words
    shows which calendar is meant.

    >>> days("3 May 2026", "en") == days("2026-05-03", "en") == [date(2026, 5, 3)]
    True
    >>> len(days("3/5/2026", "en"))
    2
    """
    pieces = _PIECE.findall(fold(plain(said)))
    numbers = [piece for piece in pieces if piece.isdecimal()]
    fillers = _fillers()
    words = [piece for piece in pieces if not piece.isdecimal() and piece not in fillers]
    if len(words) == 1:
        month = _month(words[0], language)
        found = _with_month(month, numbers) if month else iter(())
    elif words or language == _ETHIOPIA or currency in _TWO_CALENDARS:
        return []
    else:
        found = _in_numbers(numbers)
    return sorted({day for day in found if YEAR_MIN <= day.year <= YEAR_MAX})


def in_words(day: date, book: Phrasebook) -> str:
    """Return a day in words: 3 May 2026."""
    month = book.listed("date_word.months")[day.month - 1]
    return book.say("date.words", day=day.day, month=month, year=day.year)


def repeated(value: str, said: str, book: Phrasebook) -> str:
    """Return the day `value` in words, after the Ethiopian date where the worker gave that."""
    day = date.fromisoformat(value)
    words = in_words(day, book)
    for piece in _PIECE.findall(fold(plain(said))):
        month = None if piece.isdecimal() else _month(piece, book.language)
        if month and month[0] == "ethiopian":
            year, number, day_of_month = ethiopian.from_gregorian(day)
            name = ethiopian.name(number, amharic=book.language == _ETHIOPIA)
            return f"{day_of_month} {name} {year} ({words})"
    return words


@cache
def _fillers() -> frozenset[str]:
    """Return the words without a meaning in all languages: of, the, st."""
    return frozenset(
        fold(word) for book in books().values() for word in book.listed("date_word.filler")
    )


def _month(word: str, language: str) -> Month | None:
    """Return the month that a folded word names, in full or by its first letters.

    Return None where it names none or several. The worker's own language and English come first,
    then all others.
    """
    if number := ethiopian.month(word):
        return "ethiopian", number
    own = {language, "en"} & books().keys()
    for languages in (own, books().keys() - own):
        found = set(_months_named(word, languages))
        if found:
            return ("gregorian", found.pop()) if len(found) == 1 else None
    return None


def _months_named(word: str, languages: Iterable[str]) -> Iterator[int]:
    for language in languages:
        names = [fold(name) for name in books()[language].listed("date_word.months")]
        if word in names:
            yield names.index(word) + 1
        elif len(word) >= _PREFIX_MIN:
            yield from (at for at, name in enumerate(names, 1) if name.startswith(word))


def _with_month(month: Month, numbers: Sequence[str]) -> Iterator[date]:
    """Yield the day of a month in words.

    Of the two numbers, the one with four digits is the year.
    """
    years = [number for number in numbers if len(number) == _YEAR_DIGITS]
    of_month = [number for number in numbers if len(number) <= _DAY_DIGITS]
    if len(numbers) != 2 or len(years) != 1 or len(of_month) != 1:  # noqa: PLR2004
        return
    calendar, number = month
    with suppress(ValueError):
        if calendar == "ethiopian":
            yield ethiopian.to_gregorian(int(years[0]), number, int(of_month[0]))
        else:
            yield date(int(years[0]), number, int(of_month[0]))


def _in_numbers(numbers: Sequence[str]) -> Iterator[date]:
    """Yield the days of all orders in use: year-month-day, day-month-year, month-day-year."""
    if len(numbers) == 1 and len(numbers[0]) == _ALL_DIGITS:
        all_ = numbers[0]
        for parts in ((all_[:4], all_[4:6], all_[6:]), (all_[:2], all_[2:4], all_[4:])):
            yield from _in_numbers(parts)
        return
    if len(numbers) != 3:  # noqa: PLR2004
        return
    first, middle, last = numbers
    if len(first) == _YEAR_DIGITS and len(middle) <= _DAY_DIGITS and len(last) <= _DAY_DIGITS:
        orders = [(first, middle, last)]
    elif len(last) == _YEAR_DIGITS and len(first) <= _DAY_DIGITS and len(middle) <= _DAY_DIGITS:
        orders = [(last, middle, first), (last, first, middle)]
    else:
        return
    for year, month, day in orders:
        with suppress(ValueError):
            yield date(int(year), int(month), int(day))
