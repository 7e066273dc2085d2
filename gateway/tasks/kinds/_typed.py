"""What kinds with typed answers share."""

from collections.abc import Sequence

from gateway.errors import Refused
from gateway.tasks.packed import Meanings
from gateway.tasks.port import AnswerWords
from gateway.tasks.question import Option

ANSWER_MAX = 640
"""Characters of an answer: as much as four to five SMS parts hold. The phrase `unclear.too_long`
names the number.
"""
TOO_LONG = "unclear.too_long"
EXACT, AS_NAMES = "exact", "name"
"""How values are compared: character by character, or as names are. See
`gateway.qa.text.normalise`.
"""


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    """Refuse options: what is typed has none."""
    if given:
        raise Refused(
            "a transcription has no options: the answer is typed; leave them out", field="options"
        )
    return ()


def names(options: Sequence[Option], language: str, words: AnswerWords) -> Meanings:
    """Return no names of options."""
    return {}
