"""The kind "name": kept as it is typed, and compared without regard to case, spaces and accents."""

import unicodedata
from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.phrases.hearing import clean, fold
from gateway.tasks.kinds import _choice, _typed
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import Field, Option, Question

ANSWERS = _typed.ANSWERS
TAKES_WORDS = True
PACKS = False
VALUE = "name"
COMPARED = _typed.AS_NAMES
KEYS_ARE_ANSWERS = False
SCREEN_HINT = "menu.type_name"
ROTATES = False
FIELDS = False
NAME_MAX = 100
UNCLEAR = "unclear.name"

check_text = _choice.check_text
options = _typed.options
names = _typed.names
recorded = _typed.recorded


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the truth as a name, or raise Refused."""
    name = _name(truth)
    if name is None:
        raise Refused(
            f"the truth must be a name of 1 to {NAME_MAX} characters with a letter in it, not {truth[:NAME_MAX]!r}",
            field="truth",
        )
    return name


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return a text with at least one letter and the length of a name."""
    if not fold(said):
        return Reading(None, _choice.EMPTY)
    name = _name(said)
    return Reading(name) if name else Reading(None, UNCLEAR)


def echo(value: str, said: str, language: str) -> str:
    return value


def hint_key() -> str:
    return "how.name"


def _name(said: str) -> str | None:
    r"""Return a name in the form that is kept: composed letters, single blanks.

    >>> _name("  Jose\u0301   OTIENO "), _name("0711000031")
    ('Jos\xe9 OTIENO', None)
    """
    name = unicodedata.normalize("NFC", clean(said))
    if not any(map(str.isalpha, name)) or not fold(name) or len(name) > NAME_MAX:
        return None
    return name
