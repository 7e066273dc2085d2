"""The kind "number": kept in plain digits, with a point before decimals.

A separator counts only where its meaning is certain (Unicode CLDR). `1,250` is 1250 where the
worker's language and her country write thousands so. In French, and for `1.250` everywhere, the
separator is ambiguous, and the worker is asked. Numbers that stand for no quantity (of a phone, of
an account) are text: here 007 is 7.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from babel.core import Locale, UnknownLocaleError, get_global
from babel.languages import get_official_languages
from babel.numbers import get_decimal_symbol, get_group_symbol

from gateway.base.errors import Refused
from gateway.base.text.characters import plain
from gateway.base.text.figures import Figure, looks_grouped, readings
from gateway.phrases.ethiopic import NUMERAL, NUMERALS, folded
from gateway.phrases.hearing import clean, fold
from gateway.tasks.kinds import _choice, _typed
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import Field, Option, Question

ANSWERS = _typed.ANSWERS
TAKES_WORDS = True
PACKS = False
VALUE = "number"
COMPARED = _typed.EXACT
KEYS_ARE_ANSWERS = True
SCREEN_HINT = "menu.type_number"
ROTATES = False
FIELDS = False
DIGITS_MAX = 30
UNCLEAR, TWO = "unclear.number", "unclear.number_two"
_SIGN = re.compile(r"([-+]?) *(.*)", re.DOTALL)
_GROUP, _GROUPED_FROM = 3, 5

check_text = _choice.check_text
options = _typed.options
names = _typed.names
recorded = _typed.recorded


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the truth as a number, or raise Refused."""
    found = candidates(truth, "")
    if len(found) != 1:
        both = f"; it may be {' or '.join(found)}" if found else ""
        raise Refused(
            f"the truth must be a number like 1250 or 12.5, not {truth!r}{both}", field="truth"
        )
    return found[0]


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return the one number that is certain. Where there are two, the worker is asked which."""
    if not fold(said):
        return Reading(None, _choice.EMPTY)
    found = candidates(said, language, question.currency)
    if len(found) == 1:
        return Reading(found[0])
    if not found:
        return Reading(None, UNCLEAR)
    one, other = map(_certain, found)
    return Reading(None, TWO, {"one": one, "other": other})


def candidates(said: str, language: str, currency: str = "") -> list[str]:
    """Return every number that `said` may be.

    The separators of a language and of a currency's countries are certain.

    >>> candidates("1,250", "en"), candidates("1.250", "en")
    (['1250'], ['1.25', '1250'])
    >>> candidates("1,250", "fr"), candidates("12,50", "sw")
    (['1.25', '1250'], ['12.5'])
    """
    text = _without_ethiopic(clean(said))
    if text is None:
        return []
    sign, number = _SIGN.fullmatch(plain(text).strip()).groups()  # pyright: ignore[reportOptionalMemberAccess]  # matches all
    found = readings(number)
    if not found or sum(map(str.isdecimal, number)) > DIGITS_MAX:
        return []
    own = found.get(_own_mark(language, currency))
    if own and not looks_grouped(own[1], own[0]):
        return [_canonical(sign, own)]
    distinct = sorted(set(found.values()), key=lambda figure: len(figure[0]))
    return [_canonical(sign, figure) for figure in distinct]


@cache
def _own_mark(language: str, currency: str) -> str:
    """Return the decimal mark where it is certain that the other mark separates thousands; else "".

    It is certain where the worker's language and all official languages of the currency's countries
    agree.
    """
    if not language:
        return ""
    places = [(language, "")]
    for territory in _territories(currency):
        spoken = get_official_languages(territory, de_facto=True)
        places += [(one, territory) for one in (language, *spoken)]
    marks = {_marks(one, territory) for one, territory in places}
    decimal, group = next(iter(marks))
    return decimal if len(marks) == 1 and {decimal, group} == {".", ","} else ""


def _territories(currency: str) -> list[str]:
    """Return the countries where a currency is legal tender today."""
    known: Mapping[str, Sequence[tuple[str, object, object, bool]]] = get_global(
        "territory_currencies"
    )
    return [
        territory
        for territory, of_it in known.items()
        if any(code == currency and until is None and tender for code, _, until, tender in of_it)
    ]


def _marks(language: str, territory: str) -> tuple[str, str]:
    """Return the mark before decimals and the one between thousands."""
    try:
        place = Locale(language, territory=territory or None)
    except UnknownLocaleError:
        try:
            place = Locale(language)
        except UnknownLocaleError:
            return "", ""  # The language is unknown, so no mark is certain.
    return get_decimal_symbol(place), get_group_symbol(place)


def echo(value: str, said: str, language: str) -> str:
    """Return the number with blanks between its thousands.

    Every reader takes it for the same number.

    >>> echo("1250000.5", "", "en"), echo("-1250", "", "en")
    ('1 250 000.5', '-1250')
    """
    whole, mark, part = value.partition(".")
    digits = whole.lstrip("-")
    if len(digits) >= _GROUPED_FROM:
        digits = f"{int(digits):,}".replace(",", " ")
    return f"{'-' if value.startswith('-') else ''}{digits}{mark}{part}"


def hint_key() -> str:
    return "how.number"


def _without_ethiopic(text: str) -> str | None:
    """Return `text` with Ethiopic numerals as digits; None where they do not make one number."""
    runs = NUMERALS.findall(text)
    return folded(text) if all(map(NUMERAL.fullmatch, runs)) and len(runs) <= 1 else None


def _canonical(sign: str, figure: Figure) -> str:
    whole, part = figure[0].lstrip("0") or "0", figure[1].rstrip("0")
    return f"{_signed(sign, whole + part)}{whole}{'.' if part else ''}{part}"


def _certain(value: str) -> str:
    """Return `value` in a form that is certain when it is sent again.

    1.234 may be a thousand, but 1.2340 cannot.

    >>> _certain("1.234"), _certain("1.25")
    ('1.2340', '1.25')
    """
    return f"{value}0" if len(value.partition(".")[2]) == _GROUP else value


def _signed(sign: str, digits: str) -> str:
    return "-" if sign == "-" and digits.strip("0") else ""
