"""Rows for clients as JSON, JSON lines or CSV, written page by page so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Any, Final

import orjson

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.table_form import TableForm

ClientPages = AsyncIterable[Sequence[dict[str, Any]]]
"""Results or answers, many at a time, each with the client's own `columns`."""

_SENT_AT_ONCE: Final = 1 << 16
_ROWS_AT_ONCE: Final = 500


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


async def in_pages(rows: AsyncIterable[dict[str, Any]]) -> AsyncGenerator[list[dict[str, Any]]]:
    """Yield many rows at a time."""
    page = list[dict[str, Any]]()
    async for row in rows:
        page.append(row)
        if len(page) >= _ROWS_AT_ONCE:
            yield page
            page = []
    if page:
        yield page


async def as_json(pages: ClientPages) -> AsyncGenerator[bytes]:
    """Yield the rows as one JSON list."""
    first = True
    async for page in pages:
        if page:
            yield (b"[" if first else b",") + b",".join(map(orjson.dumps, page))
            first = False
    yield b"[]" if first else b"]"


async def as_lines(pages: ClientPages) -> AsyncGenerator[bytes]:
    """Yield the rows as JSON lines."""
    async for page in pages:
        yield b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in page])


async def as_csv(
    pages: ClientPages, form: TableForm, *, raw: bool = False
) -> AsyncGenerator[bytes]:
    """Yield the rows as CSV.

    `raw` is for programs, since a spreadsheet would execute some cells.
    """
    writer = CsvWriter(raw=raw)
    yield writer.row(form.header()).encode()
    async for page in pages:
        yield writer.text(map(form.cells, page)).encode()
