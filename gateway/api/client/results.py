"""Results as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

import orjson

from gateway.api.responses import ResultOut
from gateway.base.tabular import CsvWriter

# Columns are added at the end only, because programs may rely on the positions of the others.
_FIRST = ("task", "state", "value", "confidence", "answers", "rule")
RESULT_COLUMNS = (*_FIRST, *(name for name in ResultOut.model_fields if name not in _FIRST))

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


async def as_csv(rows: Results, *, raw: bool = False) -> AsyncGenerator[bytes]:
    """Yield the results as CSV.

    `raw` is for programs, since a spreadsheet would execute some cells.
    """
    writer = CsvWriter(raw=raw)
    yield writer.row(RESULT_COLUMNS).encode()
    async for row in rows:
        yield writer.row([cell(row[name]) for name in RESULT_COLUMNS]).encode()


def cell(value: object) -> object:
    """Write true and false as JSON does."""
    return str(value).lower() if isinstance(value, bool) else value
