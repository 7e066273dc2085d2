"""The kind "transcription" of a text: short, seen or heard, and typed by the worker."""

from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.phrases.hearing import clean, fold
from gateway.tasks.kinds import _choice, _typed
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import Field, Option, Question

ANSWERS = _typed.ANSWERS
TAKES_WORDS = True
PACKS = False
VALUE = "text"
COMPARED = ""
KEYS_ARE_ANSWERS = False
SCREEN_HINT = "menu.type_text"
ROTATES = False
FIELDS = False
ANSWER_MAX = _typed.ANSWER_MAX

check_text = _choice.check_text
options = _typed.options
names = _typed.names
recorded = _typed.recorded


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the truth as it is kept, or raise Refused."""
    text = clean(truth)
    if not fold(text) or len(text) > ANSWER_MAX:
        raise Refused(f"the truth must be a text of 1 to {ANSWER_MAX} characters", field="truth")
    return text


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return any text with at least one letter or digit; only blanks at its ends are removed."""
    text = clean(said)
    if not fold(text):
        return Reading(None, _choice.EMPTY)
    if len(text) > ANSWER_MAX:
        return Reading(None, _typed.TOO_LONG)
    return Reading(text)


def echo(value: str, said: str, language: str) -> str:
    return ""


def hint_key() -> str:
    return "how.text"
