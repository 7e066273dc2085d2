"""Rows for clients as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.api.responses import ResultOut
from gateway.base.tabular import CsvWriter

# Columns are added at the end only, because programs may rely on the positions of the others.
_FIRST: Final = ("task", "state", "value", "confidence", "answers", "rule")
_NESTED: Final = ("counts", "columns", "fields")
RESULT_COLUMNS: Final = (
    *_FIRST,
    *(name for name in ResultOut.model_fields if name not in (*_FIRST, *_NESTED)),
)
_FIELD_PARTS: Final = (".confidence", ".settled", ".settled_by")

ClientRows = AsyncIterable[dict[str, Any]]
"""Results or answers, each with the client's own `columns`."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """The columns of a CSV: ours, those per option and per field, and the client's own."""

    columns: Sequence[str]
    options: Sequence[str]
    """The options, each with a column for the number of its answers."""
    own: Sequence[str]
    fields: Sequence[str] = ()
    """The fields of a record, each with columns for its value, its confidence, and the way in which
    it was settled.
    """

    def header(self) -> list[str]:
        """Return the names of the columns.

        A column of the client's that has the name of one of ours begins with `columns.`.
        """
        ours = [*self.columns, *(f"count_{one}" for one in self.options)]
        ours += [f"{name}{part}" for name in self.fields for part in ("", *_FIELD_PARTS)]
        return [*ours, *(f"columns.{one}" if one in ours else one for one in self.own)]

    def cells(self, row: Mapping[str, Any]) -> list[object]:
        """Return the cells of a row."""
        counts, own = row.get("counts", {}), row["columns"]
        fields = [row["fields"][name] for name in self.fields]
        return [
            *(cell(row[name]) for name in self.columns),
            *(counts.get(one, 0) for one in self.options),
            *(
                cell(one[part])
                for one in fields
                for part in ("value", *(name[1:] for name in _FIELD_PARTS))
            ),
            *(cell(own.get(one)) for one in self.own),
        ]


async def as_json(rows: ClientRows) -> AsyncGenerator[bytes]:
    """Yield the rows as one JSON list."""
    first = True
    async for row in rows:
        yield (b"[" if first else b",") + orjson.dumps(row)
        first = False
    yield b"[]" if first else b"]"


async def as_lines(rows: ClientRows) -> AsyncGenerator[bytes]:
    """Yield the rows as JSON lines."""
    async for row in rows:
        yield orjson.dumps(row) + b"\n"


async def as_csv(rows: ClientRows, form: CsvForm, *, raw: bool = False) -> AsyncGenerator[bytes]:
    """Yield the rows as CSV.

    `raw` is for programs, since a spreadsheet would execute some cells.
    """
    writer = CsvWriter(raw=raw)
    yield writer.row(form.header()).encode()
    async for row in rows:
        yield writer.row(form.cells(row)).encode()


def cell(value: object) -> object:
    """Write true and false as JSON does, a list with blanks, and an object as JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return orjson.dumps(value).decode() if isinstance(value, dict) else value
