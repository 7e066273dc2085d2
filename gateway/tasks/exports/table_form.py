"""The columns of a flat file of results, answers or the proof, and the cells of a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import orjson

from gateway.tasks.exports.port import Content, ExportedBatch

_FIELD_PARTS: Final = (".confidence", ".settled", ".settled_by")
_AS_THEY_ARE: Final = frozenset({str, int, float, type(None)})
"""The types of most values, which `cell` returns unchanged. A call per value costs more."""


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
    _ours: Callable[[Mapping[str, Any]], tuple[Any, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the function that reads our columns, which costs less than a look-up per column."""
        object.__setattr__(self, "_ours", itemgetter(*self.columns))

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
        values = list(self._ours(row))
        if self.options:
            counts = row.get("counts", {})
            values += [counts.get(one, 0) for one in self.options]
        for name in self.fields:
            one = row["fields"][name]
            values += [one[part] for part in ("value", *(part[1:] for part in _FIELD_PARTS))]
        if self.own:
            own = row["columns"]
            values += [own.get(one) for one in self.own]
        return [one if type(one) in _AS_THEY_ARE else cell(one) for one in values]


def cell(value: object) -> object:
    """Write true and false as JSON does, a list with blanks, and an object as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return orjson.dumps(value).decode() if isinstance(value, dict) else value
