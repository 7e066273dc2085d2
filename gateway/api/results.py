"""Results as JSON, JSON lines or CSV, written row by row so that any size will do."""

from collections.abc import AsyncGenerator, AsyncIterable

import orjson

from gateway.store.db import Row
from gateway.tabular import CsvWriter

RESULT_COLUMNS = ("task", "state", "value", "confidence", "answers", "rule")


def _result(row: Row) -> dict[str, object]:
    confidence = row["confidence"]
    return {
        "task": row["name"],
        "state": row["state"],
        "value": row["value"],
        "confidence": None if confidence is None else round(confidence, 4),
        "answers": row["answered"],
        "rule": row["rule"],
    }


async def as_json(rows: AsyncIterable[Row]) -> AsyncGenerator[bytes]:
    first = True
    async for row in rows:
        yield (b"[" if first else b",") + orjson.dumps(_result(row))
        first = False
    yield b"[]" if first else b"]"


async def as_lines(rows: AsyncIterable[Row]) -> AsyncGenerator[bytes]:
    async for row in rows:
        yield orjson.dumps(_result(row)) + b"\n"


async def as_csv(rows: AsyncIterable[Row], *, raw: bool = False) -> AsyncGenerator[bytes]:
    """Yield the results as CSV; `raw` for programs, since a spreadsheet would execute some cells."""
    writer = CsvWriter(raw=raw)
    yield writer.row(RESULT_COLUMNS).encode()
    async for row in rows:
        yield writer.row(list(_result(row).values())).encode()
