"""Results as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Any

import orjson

from gateway.api.responses import ResultOut
from gateway.base.tabular import CsvWriter

# Columns are added at the end only, because programs may rely on the positions of the others.
_FIRST = ("task", "state", "value", "confidence", "answers", "rule")
_LEFT_OUT = (*_FIRST, "fields")
RESULT_COLUMNS = (*_FIRST, *(name for name in ResultOut.model_fields if name not in _LEFT_OUT))
_FIELD_PARTS = (".confidence", ".settled", ".settled_by")

Results = AsyncIterable[dict[str, Any]]


async def as_json(rows: Results) -> AsyncGenerator[bytes]:
    """Yield the results as one JSON list."""
    first = True
    async for row in rows:
        yield (b"[" if first else b",") + orjson.dumps(row)
        first = False
    yield b"[]" if first else b"]"


async def as_lines(rows: Results) -> AsyncGenerator[bytes]:
    """Yield the results as JSON lines."""
    async for row in rows:
        yield orjson.dumps(row) + b"\n"


async def as_csv(
    rows: Results, *, raw: bool = False, fields: Sequence[str] = ()
) -> AsyncGenerator[bytes]:
    """Yield the results as CSV.

    `raw` is for programs, since a spreadsheet would execute some cells. Each of the `fields` of a
    record has a column with its value, one with its confidence, and one that says who settled it.
    """
    writer = CsvWriter(raw=raw)
    further = [f"{name}{part}" for name in fields for part in ("", *_FIELD_PARTS)]
    yield writer.row([*RESULT_COLUMNS, *further]).encode()
    async for row in rows:
        cells = [cell(row[name]) for name in RESULT_COLUMNS]
        for name in fields:
            one = row["fields"][name]
            cells += [one["value"], *(one[part[1:]] for part in _FIELD_PARTS)]
        yield writer.row(cells).encode()


def cell(value: object) -> object:
    """Write true and false as JSON does."""
    return str(value).lower() if isinstance(value, bool) else value
