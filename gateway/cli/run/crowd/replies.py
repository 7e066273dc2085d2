"""The replies of simulated workers: what each believes, and how she types it. It is pure."""

from collections.abc import Sequence
from typing import Final

from gateway.store.people.crowd import PutQuestion
from gateway.tasks.packed import KEYS
from gateway.tasks.question import Field, Question
from gateway.workers.crowd import Trait, drawn

UNCLEAR: Final = "hm"
"""A reply that no kind of task understands."""
_UNSURE: Final = "unsure"
_NAMES: Final = ("Amina Otieno", "Brian Kamau", "Chege Mwangi", "Halima Yusuf", "Juma Baraka")


def belief(question: Question, put: PutQuestion, trait: Trait, place: int) -> str:
    """Return the value that a worker believes to be right.

    The truth is the task's gold or the client's column `truth`. Without one it is drawn from the
    seed, so that careful workers agree.
    """
    right = drawn(put.seed, "right", place, put.name) < trait.right
    if question.options:
        return _option(question, put, place, right=right)
    truth = put.truth or put.text.strip()
    return truth if right else _misread(truth, put, place)


def _option(question: Question, put: PutQuestion, place: int, *, right: bool) -> str:
    ids = sorted(one.id for one in question.options)
    sure = [one for one in ids if one != _UNSURE] or ids
    hidden = sure[int(drawn(put.seed, "truth", put.name, put.text) * len(sure))]
    truth = put.truth if put.truth in ids else hidden
    others = [one for one in ids if one != truth]
    if right or not others:
        return truth
    return others[int(drawn(put.seed, "wrong", place, put.name) * len(others))]


def _misread(truth: str, put: PutQuestion, place: int) -> str:
    """Return a typed answer with one character left out."""
    if len(truth) < 2:  # noqa: PLR2004  # nothing could be left out
        return truth
    at = int(drawn(put.seed, "typo", place, put.name) * len(truth))
    return truth[:at] + truth[at + 1 :]


def typed_value(value_kind: str, put: PutQuestion, place: int) -> str:
    """Return an answer of a kind with a typed value, where the client gave no truth."""
    at = drawn(put.seed, "truth", put.name, put.text)
    match value_kind:
        case "number":
            return str(1 + int(at * 900))
        case "date":
            return f"{13 + int(at * 15)}/{1 + int(at * 12)}/2026"
        case "name":
            return _NAMES[int(at * len(_NAMES))]
        case _:
            return put.text.strip()


def single(question: Question, value: str) -> str:
    """Return what she types for one question: the number of an option, or the words."""
    ids = [one.id for one in question.options]
    return str(ids.index(value) + 1) if ids else value


def several(answers: Sequence[tuple[int, Question, str]]) -> str:
    """Return what she types for numbered questions, like `1A 2C`."""
    return " ".join(
        f"{number}{KEYS[[one.id for one in question.options].index(value)]}"
        for number, question, value in answers
    )


def record(fields: Sequence[Field], put: PutQuestion, place: int) -> str:
    """Return the values of a record in the order of its fields, with `;` between."""
    return "; ".join(field_value(one, put, place) for one in fields)


def field_value(field: Field, put: PutQuestion, place: int) -> str:
    """Return the value that she types for one field of a record."""
    at = drawn(put.seed, "truth", put.name, field.name)
    match field.type:
        case "choice":
            return str(1 + int(at * len(field.options)))
        case "number" | "money":
            return str(1 + int(at * 900))
        case "date":
            return f"{13 + int(at * 15)}/{1 + int(at * 12)}/2026"
        case "name":
            return _NAMES[int(at * len(_NAMES))]
        case _:
            return f"K{int(at * 90_000) + 10_000}"
