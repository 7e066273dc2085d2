"""The record of fields that a worker types: what is asked back, and what is repeated to her."""

from collections.abc import Mapping, Sequence
from typing import cast

from gateway.conversation.context import Context
from gateway.conversation.facts import FieldsTyped, Turn
from gateway.conversation.situation import HeldQuestion
from gateway.conversation.work.asking import field_line
from gateway.phrases.hearing import clean
from gateway.qa.keying.records import fields_of, marks
from gateway.tasks.entry.reading import FieldReading
from gateway.tasks.port import Reading, RecordKind
from gateway.tasks.question import Field, Question

_SAID_MAX = 600
_SHOWN_MAX = 40
_TOLD_MAX = 3
"""The most fields whose problem is explained in one SMS."""
_ENDS = frozenset({"least", "most", "end"})
_OF_VALUES = frozenset({"entry.range", "entry.least", "entry.most"})
_WITH_OPTIONS = frozenset({"unclear.choice", "unclear.two"})


def record_kind(context: Context, question: Question) -> RecordKind:
    """Return the kind of a question for a record."""
    return cast("RecordKind", context.kind(question))


def missing(question: Question) -> list[Field]:
    """Return the fields of a question that the worker has not typed yet."""
    return [field for field in question.fields if field.name not in question.typed]


def said_so_far(question: Question, said: str) -> str:
    """Return the worker's words for a record, those of earlier messages included."""
    return clean(f"{question.said}; {said}" if question.said else said)[:_SAID_MAX]


def typed_fact(held: HeldQuestion, typed: Mapping[str, str], said: str) -> FieldsTyped:
    """Return the fact that the worker has typed fields of a record."""
    return FieldsTyped(
        held.assignment, held.question.task, dict(typed), said_so_far(held.question, said)
    )


def shown(context: Context, question: Question, field: Field, value: str) -> str:
    """Return a field with its value, as the worker reads it."""
    text = record_kind(context, question).shown(field, value, context.language)
    return f"{field.label(context.language)}: {text[:_SHOWN_MAX]}"


def values_shown(context: Context, question: Question, value: str) -> str:
    """Return the values of a record in the order of its fields, as the worker reads them."""
    kind, values = record_kind(context, question), fields_of(value)
    return "; ".join(
        kind.shown(field, values[field.name], context.language)
        for field in question.fields
        if field.name in values
    )


def wrong_fields(context: Context, question: Question, value: str, truth: str, tag: str) -> str:
    """Return the fields in which a record differs from the truth, with their true values."""
    known, found = fields_of(truth), marks(value, truth, tag)
    return "; ".join(
        shown(context, question, field, known[field.name])
        for field in question.fields
        if not found.get(field.name, True)
    )


def ask_back(context: Context, held: HeldQuestion, reading: Reading, said: str) -> Turn:
    """Ask for the fields that are not certain, and keep those that are."""
    question = held.question
    gained = dict(reading.typed) != dict(question.typed)
    facts = (typed_fact(held, reading.typed, said),) if gained else ()
    fields = [field for field in question.fields if field.name in reading.problems]
    if not fields or all(one.why == "entry.apart" for one in reading.problems.values()):
        return Turn(facts, _one_by_one(context, question), asks_back=True)
    lines = [
        problem(context, question, field, reading.problems[field.name])
        for field in fields[:_TOLD_MAX]
    ]
    if kept := [field for field in question.fields if field.name in reading.typed]:
        if any(field.type == "text" for field in kept):
            # A text may hold the very mark that divided the reply, so the worker looks herself.
            lines += [shown(context, question, field, reading.typed[field.name]) for field in kept]
        lines.append(context.say("entry.kept" if len(fields) == 1 else "entry.only"))
    return Turn(facts, (" " if len(lines) == 2 else "\n").join(lines), asks_back=True)  # noqa: PLR2004


def problem(context: Context, question: Question, field: Field, found: FieldReading) -> str:
    """Return the line that says what is wrong with one field."""
    label, told = field.label(context.language), dict(found.told)
    if found.why in _OF_VALUES:
        kind = record_kind(context, question)
        told = {
            name: kind.shown(field, value, context.language) if name in _ENDS else value
            for name, value in told.items()
        }
    why = found.why or "entry.unclear"
    if why.startswith("entry."):
        return context.say(why, label=label, **told)
    text = f"{label}: {context.say(why, **told)}"
    if why in _WITH_OPTIONS:
        options = (f"{n} {one.label(context.language)}" for n, one in enumerate(field.options, 1))
        text = f"{text} {' '.join(options)}"
    return text


def _one_by_one(context: Context, question: Question) -> str:
    """Return the message that says how to send several values."""
    fields: Sequence[Field] = missing(question) or question.fields
    lines = "\n".join(field_line(field, context.language) for field in fields)
    return f"{context.say('entry.several', count=len(fields))}\n{lines}"
