"""The columns of a flat file of results, answers or the proof, and the cells of a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.tasks.exports.port import Content, ExportedBatch

_FIELD_PARTS: Final = (".confidence", ".settled", ".settled_by")


@dataclass(frozen=True, slots=True)
class TableForm:
    """The columns of a table: ours, those per option and per field, and the client's own."""

    columns: Sequence[str]
    options: Sequence[str]
    """The options, each with a column for the number of its answers."""
    own: Sequence[str]
    fields: Sequence[str] = ()
    """The fields of a record, each with columns for its value, its confidence, and the way in which
    it was settled.
    """

    @classmethod
    def of(cls, batch: ExportedBatch) -> "TableForm":
        """Return the form of a batch's export. Only results have columns per option and field."""
        if batch.content is not Content.RESULTS:
            return cls(batch.columns, (), batch.own)
        options = [one.id for one in batch.options]
        return cls(batch.columns, options, batch.own, [one.name for one in batch.fields])

    def header(self) -> list[str]:
        """Return the names of the columns.

        A column of the client's that has the name of one of ours begins with `columns.`.
        """
        ours = [*self.columns, *(f"count_{one}" for one in self.options)]
        ours += [f"{name}{part}" for name in self.fields for part in ("", *_FIELD_PARTS)]
        return [*ours, *(f"columns.{one}" if one in ours else one for one in self.own)]

    def cells(self, row: Mapping[str, Any]) -> list[object]:
        """Return the cells of a row."""
        cells = [cell(row[name]) for name in self.columns]
        if self.options:
            counts = row.get("counts", {})
            cells += [counts.get(one, 0) for one in self.options]
        for name in self.fields:
            one = row["fields"][name]
            cells += [cell(one[part]) for part in ("value", *(part[1:] for part in _FIELD_PARTS))]
        if self.own:
            own = row["columns"]
            cells += [cell(own.get(one)) for one in self.own]
        return cells


def cell(value: object) -> object:
    """Write true and false as JSON does, a list with blanks, and an object as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return orjson.dumps(value).decode() if isinstance(value, dict) else value
