"""The kind "verification": yes, no, or not sure.

The client may reword the three answers, but not add to them.
"""

from collections.abc import Sequence
from functools import cache

from gateway.base.errors import Refused
from gateway.phrases import books
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
ROTATES = False  # Yes is always 1: workers answer by habit, and a swapped yes is a wrong answer.
FIELDS = False
IDS = ("yes", "no", "unsure")
_RECORDED = {
    "yes": {"yes", "y", "true", "t", "1"},
    "no": {"no", "n", "false", "f", "0"},
    "unsure": {"unsure", "not sure", "don't know", "dont know"},
}
"""The words for the answers in recordings of other crowds."""

check_text = _choice.check_text


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    """Return yes, no and unsure, in this order, with the labels that the client gave."""
    unknown = [option.id for option in given if option.id not in IDS]
    if unknown:
        raise Refused(
            f"a verification has the options {', '.join(IDS)}, not {unknown[0]!r}; "
            "for other answers use the kind 'categorisation'",
            field="options",
        )
    if len({option.id for option in given}) != len(given):
        raise Refused("two options have the same id", field="options")
    relabelled = {option.id: option for option in given if option.labels}
    full = tuple(relabelled.get(option_id) or _standard(option_id) for option_id in IDS)
    _choice.check_options(full)
    return full


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the id of the option that the truth names, or raise Refused."""
    found = _choice.option_named(truth, options, _every_language())
    if found is None:
        raise Refused(f"the truth must be one of {', '.join(IDS)}, not {truth!r}", field="truth")
    return found


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return the option that a worker's reply names."""
    return _choice.read_choice(said, question.options, language, lambda: _meanings(words))


def echo(value: str, said: str, language: str) -> str:
    return ""


def names(options: Sequence[Option], language: str, words: AnswerWords) -> Meanings:
    return _choice.meanings(options, (language, FALLBACK_LANGUAGE), _meanings(words))


def recorded(answers: Sequence[str]) -> dict[str, str]:
    """Return yes, no or unsure for each recorded answer, or raise Refused."""
    found = {
        answer: value
        for answer in answers
        for value, words in _RECORDED.items()
        if answer.strip().lower() in words
    }
    strange = [answer for answer in answers if answer not in found]
    if strange:
        raise Refused(
            f"{strange[0]!r} is neither yes, no nor unsure; try --kind categorisation",
            field="answer",
        )
    return found


def hint_key() -> str:
    return "how.choice"


def _standard(option_id: str) -> Option:
    return Option(option_id, {code: book.say(f"label.{option_id}") for code, book in books().items()})  # fmt: skip


def _meanings(words: AnswerWords) -> _choice.Meanings:
    ways = {"yes": words.yes, "no": words.no, "unsure": words.unsure}
    return {tuple(way.split()): frozenset({id_}) for id_, said in ways.items() for way in said}


@cache
def _every_language() -> _choice.Meanings:
    return {way: ids for book in books().values() for way, ids in _meanings(book.answers).items()}
