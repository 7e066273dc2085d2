"""Rows for clients as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

import orjson

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.table_form import TableForm

ClientRows = AsyncIterable[dict[str, Any]]
"""Results or answers, each with the client's own `columns`."""


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


async def as_csv(rows: ClientRows, form: TableForm, *, raw: bool = False) -> AsyncGenerator[bytes]:
    """Yield the rows as CSV.

    `raw` is for programs, since a spreadsheet would execute some cells.
    """
    writer = CsvWriter(raw=raw)
    yield writer.row(form.header()).encode()
    async for row in rows:
        yield writer.row(form.cells(row)).encode()

