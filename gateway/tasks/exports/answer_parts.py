"""The names of a batch's answers in files of other services, and the parts of one answer.

A choice is called `label` and a typed text `answer`. A record has one answer per field, under the
field's own name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson

from gateway.tasks.exports.port import ExportedBatch

LABEL, ANSWER = "label", "answer"


def answer_names(batch: ExportedBatch) -> tuple[str, ...]:
    """Return the names of the answers to one task."""
    if batch.fields:
        return tuple(one.name for one in batch.fields)
    return (LABEL if batch.options else ANSWER,)


def answer_parts(batch: ExportedBatch, value: object) -> dict[str, str]:
    """Return a stored answer by name, without the parts that are empty."""
    if value in (None, ""):
        return {}
    if not batch.fields:
        return {answer_names(batch)[0]: str(value)}
    record = orjson.loads(value) if isinstance(value, str) else value
    fields = cast("dict[str, object]", record) if isinstance(record, dict) else dict[str, object]()
    return {name: str(said) for name in answer_names(batch) if (said := fields.get(name)) is not None}  # fmt: skip


def confidences(batch: ExportedBatch, told: Mapping[str, Any]) -> dict[str, float]:
    """Return how sure each part of a result is, where that is known."""
    if batch.fields:
        fields: Mapping[str, Mapping[str, Any]] = told.get("fields") or {}
        found = {name: one.get("confidence") for name, one in fields.items()}
    else:
        found = {answer_names(batch)[0]: told.get("confidence")}
    return {name: float(sure) for name, sure in found.items() if sure is not None}


def own_names(batch: ExportedBatch, ours: Iterable[str]) -> dict[str, str]:
    """Return the client's own columns, and the name of each in a file that has columns of ours.

    A column that has the name of one of ours begins with `columns.`.
    """
    taken = {name.casefold() for name in ours}
    return {one: f"columns.{one}" if one.casefold() in taken else one for one in batch.own}
