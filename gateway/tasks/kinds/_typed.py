"""The shared part of kinds with typed answers."""

from collections.abc import Mapping, Sequence

from gateway.base.errors import Refused
from gateway.qa.answers import typed
from gateway.qa.answers.port import AnswerForm
from gateway.tasks.packed import Meanings
from gateway.tasks.port import AnswerWords
from gateway.tasks.question import Option

ANSWER_MAX = 640
"""The longest answer in characters: the content of four to five SMS parts. The phrase
`unclear.too_long` names the number.
"""
TOO_LONG = "unclear.too_long"
EXACT, AS_NAMES = "exact", "name"
"""The two comparisons of values: character by character, or as names. See
`gateway.qa.typed.normalise`.
"""

ANSWERS: AnswerForm = typed


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    """Raise Refused for any options, because a typed answer has none."""
    if given:
        raise Refused(
            "a transcription has no options: the answer is typed; leave them out", field="options"
        )
    return ()


def names(options: Sequence[Option], language: str, words: AnswerWords) -> Meanings:
    """Return no words, because typed answers have no options to name."""
    return {}


def recorded(answers: Sequence[str]) -> Mapping[str, str]:
    """Return no stored forms, because a typed answer is stored as it is written."""
    return {}
