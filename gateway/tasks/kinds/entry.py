"""The kind "entry": a record of typed fields, keyed by workers who do not see each other's values.

The value is one JSON object with the fields' names. A record counts only when every field is
certain and keeps its rules. What is certain is kept meanwhile, and the worker is asked for the
rest.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.ids import BatchId, TaskId
from gateway.base.money import MINOR_DIGITS, amount_text, undressed
from gateway.phrases import book_in, books
from gateway.phrases.hearing import fold
from gateway.qa.answers import record
from gateway.tasks import kinds
from gateway.tasks.entry import reading
from gateway.tasks.entry.fields import DeclaredField, checked_fields
from gateway.tasks.entry.reading import FieldReading
from gateway.tasks.entry.record import RecordReading, read_record
from gateway.tasks.entry.values import amount_value, record_value
from gateway.tasks.kinds import _choice, _typed
from gateway.tasks.port import AnswerWords, Reading, TaskKind
from gateway.tasks.question import Field, Option, Question

ANSWERS = record
TAKES_WORDS = True
PACKS = False
VALUE = ""
COMPARED = ""
KEYS_ARE_ANSWERS = True
SCREEN_HINT = ""
ROTATES = False
FIELDS = True
SEVERAL = "entry.several"

_TYPED_BY = {"number": "number", "date": "date", "name": "name", "text": "transcription"}
"""The kind that reads each type of field."""

check_text = _choice.check_text
names = _typed.names
recorded = _typed.recorded


def options(given: Sequence[Option]) -> tuple[Option, ...]:
    """Raise Refused for any options, because a record has fields."""
    if given:
        raise Refused(
            "data entry has no options: declare fields, and give the options of a choice there",
            field="options",
        )
    return ()


def declare(declared: Sequence[DeclaredField], currency: str) -> tuple[Field, ...]:
    """Return the fields of a batch. Raises Refused naming the field and the rule."""
    return checked_fields(declared, currency, _choice.check_options)


def check_truth(truth: str, options: Sequence[Option], fields: Sequence[Field] = ()) -> str:
    """Return the truth of some or all fields as a record. Raises Refused naming the field."""
    known = {one.name: one for one in fields}
    values: dict[str, str] = {}
    for name, said in _given(truth).items():
        if name not in known:
            there = ", ".join(known)
            raise Refused(f"the truth has a field {name!r}; there is: {there}", field="truth")
        found = _read_typed(known[name], said, "en")
        if found.value is None:
            raise Refused(
                f"the truth of {name!r} {_wrong(known[name], said, found)}", field="truth"
            )
        values[name] = found.value
    if not values:
        raise Refused("the truth must name at least one field", field="truth")
    return record_value(values, fields)


def _given(truth: str) -> dict[str, str]:
    """Return the fields of a truth: a JSON object of texts and numbers."""
    try:
        found = json.loads(truth)
    except ValueError as bad:
        raise Refused(
            'the truth must be an object with fields, like {"name": "Amina"}', field="truth"
        ) from bad
    if not isinstance(found, dict):
        raise Refused('the truth must be an object like {"name": "Amina"}', field="truth")
    given = cast("dict[str, object]", found)
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Refused(f"the truth of {name!r} must be a text or a number", field="truth")
    return {name: str(value) for name, value in given.items()}


def _wrong(field: Field, said: str, found: FieldReading) -> str:
    ends = " to ".join(filter(None, (found.told.get("least"), found.told.get("most"))))
    match found.why:
        case reading.RANGE | reading.LEAST | reading.MOST:
            return f"must be from {field.least or 'any'} to {field.most or 'any'}, not {said!r}"
        case reading.LENGTH:
            return f"must have {ends} characters, not {len(said)}"
        case reading.DECIMALS:
            return f"must have at most {field.decimals} decimals, not {said!r}"
        case reading.CHECK:
            return f"has a wrong check digit ({field.check}): {said!r}"
        case _:
            return f"must be a certain {field.type}, not {said!r}"


def read(said: str, question: Question, language: str, words: AnswerWords) -> Reading:
    """Return the record if all its fields are certain, and otherwise what is certain."""
    if not fold(said) and said.strip() != reading.EMPTY:
        return Reading(None, _choice.EMPTY)
    found = read_fields(said, question, language)
    if not found.problems:
        return Reading(record_value(found.values, question.fields), typed=found.values)
    if not found.apart:
        return Reading(None, SEVERAL, {"count": str(len(question.fields))}, problems=found.problems)
    name, problem = next(iter(found.problems.items()))
    label = next(one for one in question.fields if one.name == name).label(language)
    told = {"label": label, **problem.told}
    return Reading(None, problem.why, told, typed=found.values, problems=found.problems)


def read_fields(said: str, question: Question, language: str) -> RecordReading:
    """Return the certain values of a reply to several fields, and the problems of the others."""
    return read_record(
        said,
        question.fields,
        question.typed,
        lambda field, words: _read_typed(field, words, language),
    )


def read_field(said: str, field: Field, language: str) -> FieldReading:
    """Return the value of one field from words that were typed for it alone."""
    return _read_typed(field, said, language)


def _read_typed(field: Field, said: str, language: str) -> FieldReading:
    return reading.read_field(field, said, lambda one, text: _read_type(one, text, language))


@cache
def _reader(kind: str) -> TaskKind:
    """Return the kind that reads a type of field."""
    return cast("TaskKind", cast("object", plugins.load(kinds, kind)))


def _read_type(field: Field, text: str, language: str) -> FieldReading:
    match field.type:
        case "choice":
            found = _choice.read_choice(text, field.options, language, dict)
        case "money":
            return _read_money(field, text, language)
        case _:
            question = Question(TaskId(0), BatchId(""), "", "", "", (), 0, field.currency)
            found = _reader(_TYPED_BY[field.type]).read(
                text, question, language, book_in(language, books()).answers
            )
    if field.type == "name" and any(map(str.isdigit, text)):
        return FieldReading(None, "unclear.name")
    return FieldReading(found.value, found.why, found.told)


def _read_money(field: Field, text: str, language: str) -> FieldReading:
    """Return an amount with all decimals of its currency; its name may stand beside it."""
    try:
        digits, sign = undressed(text, field.currency)
    except Refused:
        return FieldReading(None, "unclear.number")
    question = Question(TaskId(0), BatchId(""), "", "", "", (), 0, field.currency)
    found = _reader("number").read(digits, question, language, book_in(language, books()).answers)
    if found.value is None:
        return FieldReading(None, found.why, found.told)
    whole, _, part = found.value.partition(".")
    decimals = MINOR_DIGITS.get(field.currency, 2)
    if len(part) > decimals:
        return FieldReading(None, reading.DECIMALS, {"most": str(decimals)})
    minor = int(whole + part.ljust(decimals, "0"))
    return FieldReading(amount_value(sign * minor, field.currency))


def shown(field: Field, value: str, language: str) -> str:
    """Return a stored value as a worker reads it."""
    match field.type:
        case "choice":
            found = next((one for one in field.options if one.id == value), None)
            return found.label(language) if found else value
        case "money" if value:
            decimals = MINOR_DIGITS.get(field.currency, 2)
            minor = int(value.replace(".", "")) if decimals else int(value)
            return amount_text(minor, field.currency)
        case "date" | "number" if value:
            return _reader(field.type).echo(value, "", language)
        case _:
            return value or reading.EMPTY


def echo(value: str, said: str, language: str) -> str:
    """Return the values as they were understood, in the order of the fields.

    The types are not known here, so each value stands as it is stored.
    """
    return "; ".join(one or reading.EMPTY for one in _given(value).values())


def hint_key() -> str:
    return "how.entry"
