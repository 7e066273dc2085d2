"""Type what you see or hear: a short text in the worker's own typing."""

from collections.abc import Sequence

from gateway.errors import Refused
from gateway.phrases.hearing import clean, fold
from gateway.tasks.kinds import _choice
from gateway.tasks.packed import Meanings
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import Option, Question

NAME = "transcription"
IS_TEXT = True
ROTATES = False
ANSWER_MAX = 640  # as much as four to five SMS parts hold; characters; the number is named in the phrase `unclear.too_long`

check_text = _choice.check_text


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    if given:
        raise Refused(
            "a transcription has no options: the answer is typed; leave them out", field="options"
        )
    return ()


def check_truth(truth: str, options: Sequence[Option]) -> str:
    text = clean(truth)
    if not fold(text) or len(text) > ANSWER_MAX:
        raise Refused(f"the truth must be a text of 1 to {ANSWER_MAX} characters", field="truth")
    return text


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Any text with at least one letter or digit in it; blanks are trimmed, nothing else is changed."""
    text = clean(said)
    if not fold(text):
        return Reading(None, _choice.EMPTY)
    if len(text) > ANSWER_MAX:
        return Reading(None, "unclear.too_long")
    return Reading(text)


def names(options: Sequence[Option], language: str, words: AnswerWords) -> Meanings:
    return {}


def hint_key() -> str:
    return "how.text"
