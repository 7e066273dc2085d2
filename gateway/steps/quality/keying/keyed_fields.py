"""The fields of a record's result: each with its confidence, and with the entry that settled it."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from gateway.qa.keying.records import comparison, fields_of, spelling
from gateway.qa.keying.settling import KeyedField, settle
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch

PERSON = "person"
_DIGITS = 4


class FieldResult(TypedDict):
    """One field of a record's result."""

    value: str | None
    """The value; None while no worker has keyed it."""
    confidence: float | None
    """The chance that it is right, with the error rates known when it was decided."""
    entries: int
    """The number of workers who keyed it."""
    settled: str | None
    """single, agreed, settled (a further entry decided), open, or person."""
    settled_by: int | None
    """The id of the worker whose entry settled it, where entries differed."""


def field_results(
    rt: Runtime,
    batch: Batch,
    result: str | None,
    entries: Sequence[tuple[int, str]],
    skills: Sequence[tuple[float, float]] | None,
    *,
    by_person: bool,
) -> dict[str, FieldResult]:
    """Return the fields of one record by name, in the order of the batch's fields.

    `entries` are the ids of the workers with their records, in order. `skills` are those of the
    judgement that decided.
    """
    tag = compared_as(rt.kind_of, batch)
    known = [Skill(*one) for one in skills or ()]
    if len(known) != len(entries):
        known = [Skill() for _ in entries]
    keyed = settle([value for _, value in entries], known, tag)
    final = fields_of(result) if result else dict[str, str]()
    by = comparison(tag)
    found: dict[str, FieldResult] = {}
    for field in batch.fields:
        one = keyed.get(field.name)
        value = final.get(field.name, one.value if one else None)
        same = (
            one is not None
            and value is not None
            and spelling(field.name, value, by) == spelling(field.name, one.value, by)
        )
        decided = by_person and not (same and one is not None and one.how != "open")
        found[field.name] = _result(one, value, entries, person=decided, same=same)
    return found


def _result(
    one: KeyedField | None,
    value: str | None,
    entries: Sequence[tuple[int, str]],
    *,
    person: bool,
    same: bool,
) -> FieldResult:
    how = PERSON if person else one.how if one else None
    return {
        "value": value,
        "confidence": round(one.confidence, _DIGITS) if one and same and not person else None,
        "entries": one.entries if one else 0,
        "settled": how,
        "settled_by": entries[one.by][0] if one and one.by is not None and not person else None,
    }


def is_open(fields: Mapping[str, FieldResult]) -> bool:
    """Return True if entries differ in a field and nothing has settled it."""
    return any(one["settled"] == "open" for one in fields.values())
