"""The kind "date": kept as ISO 8601 (2026-05-03), in whatever order the worker writes it.

A date in numbers counts only where one day fits all orders in use. 13/05/2026 does; 03/05/2026 may
be in May or in March, and the worker is asked to write the month in words. The year always has four
digits. Ethiopia has its own calendar, so dates in Amharic or from there always name their month. A
date of that calendar is kept as the same day.
"""

from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.phrases import book_in, books
from gateway.phrases.hearing import fold
from gateway.tasks import dates
from gateway.tasks.kinds import _choice, _typed
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import Field, Option, Question

ANSWERS = _typed.ANSWERS
TAKES_WORDS = True
PACKS = False
VALUE = "date"
COMPARED = _typed.EXACT
KEYS_ARE_ANSWERS = False
SCREEN_HINT = "menu.type_date"
ROTATES = False
FIELDS = False
UNCLEAR, TWO = "unclear.date", "unclear.date_two"

check_text = _choice.check_text
options = _typed.options
names = _typed.names
recorded = _typed.recorded


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the truth as a date, or raise Refused."""
    found = dates.days(truth, "en")
    if len(found) != 1:
        both = f"; it may be {' or '.join(day.isoformat() for day in found)}" if found else ""
        raise Refused(
            f"the truth must be a date like 2026-05-03, not {truth!r}{both}", field="truth"
        )
    return found[0].isoformat()


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return the one day that fits. Where two fit, the worker is asked for the month in words."""
    if not fold(said):
        return Reading(None, _choice.EMPTY)
    found = dates.days(said, language, question.currency)
    if len(found) == 1:
        return Reading(found[0].isoformat())
    if len(found) != 2:  # noqa: PLR2004  none, or more than a short text can name
        return Reading(None, UNCLEAR)
    book = book_in(language, books())
    one, other = (dates.in_words(day, book) for day in found)
    return Reading(None, TWO, {"one": one, "other": other})


def echo(value: str, said: str, language: str) -> str:
    """Return the date with its month in words; a date of the Ethiopian calendar in both."""
    return dates.repeated(value, said, book_in(language, books()))


def hint_key() -> str:
    return "how.date"
