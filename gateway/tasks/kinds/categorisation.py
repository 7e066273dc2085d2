"""The kind "categorisation": two to nine answers chosen by the client, one phone key per answer."""

from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.tasks.kinds import _choice
from gateway.tasks.packed import Meanings
from gateway.tasks.port import AnswerWords, Reading
from gateway.tasks.question import FALLBACK_LANGUAGE, Field, Option, Question

ANSWERS = _choice.ANSWERS
TAKES_WORDS = False
PACKS = True
VALUE = ""
COMPARED = ""
KEYS_ARE_ANSWERS = False
SCREEN_HINT = ""
ROTATES = True
FIELDS = False
OPTIONS_MIN = 2

check_text = _choice.check_text


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    """Return the client's options, or raise Refused."""
    if not OPTIONS_MIN <= len(given) <= _choice.OPTIONS_MAX:
        raise Refused(
            f"a categorisation needs {OPTIONS_MIN} to {_choice.OPTIONS_MAX} options, "
            f"one phone key each; there are {len(given)}",
            field="options",
        )
    _choice.check_options(given)
    return tuple(given)


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the id of the option that the truth names, or raise Refused."""
    found = _choice.option_named(truth, options, {})
    if found is None:
        ids = ", ".join(option.id for option in options)
        raise Refused(f"the truth must be one of {ids}, not {truth!r}", field="truth")
    return found


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return the option that a worker's reply names."""
    return _choice.read_choice(said, question.options, language, dict)


def echo(value: str, said: str, language: str) -> str:
    return ""


def names(options: Sequence[Option], language: str, words: AnswerWords) -> Meanings:
    return _choice.meanings(options, (language, FALLBACK_LANGUAGE), {})


def recorded(answers: Sequence[str]) -> dict[str, str]:
    """Return each recorded answer as an option, or raise Refused for too few or too many."""
    if not OPTIONS_MIN <= len(answers) <= _choice.OPTIONS_MAX:
        raise Refused(
            f"{len(answers)} different answers; a categorisation has {OPTIONS_MIN} to "
            f"{_choice.OPTIONS_MAX} options",
            field="answer",
        )
    return {answer: answer for answer in answers}


def hint_key() -> str:
    return "how.choice"
