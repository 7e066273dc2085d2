"""Rows for clients as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, Final

import orjson

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.table_form import TableForm

ClientRows = AsyncIterable[dict[str, Any]]
"""Results or answers, each with the client's own `columns`."""


_SENT_AT_ONCE: Final = 1 << 16


async def in_pieces(rows: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield the bytes of many rows at a time, since sending a piece costs more than a row."""
    waiting, size = list[bytes](), 0
    async for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _SENT_AT_ONCE:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)


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
