"""A client's upload of tasks: JSON, JSON lines, CSV or XLSX, as a body or as a file of a form.

The upload is neither held in memory nor read here. The body goes to a file as it comes, and a
helper process reads the file.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Query, Request

from gateway.api.contract.held_body import held_of
from gateway.api.requests import TaskIn
from gateway.base.errors import Failed, Refused
from gateway.steps.batches.prepare import remove
from gateway.tasks.uploaded import shape_names

ShapeAsked = Annotated[
    str,
    Query(
        max_length=40,
        json_schema_extra={"enum": list(shape_names())},
        description="The shape of the file, where it is not to be recognised",
    ),
]
_WRITTEN_AT_ONCE = 2**20
_ABANDONED_S = 3600


@asynccontextmanager
async def received(request: Request, folder: Path) -> AsyncGenerator[tuple[Path, Path]]:
    """Yield the file that holds the body, and a name for the file of checked tasks.

    Both are removed after the block.
    """
    name = uuid4().hex
    body, out = folder / f"{name}.upload", folder / f"{name}.tasks"
    try:
        try:
            await _write(request, folder, body)
        except OSError as bad:
            raise Failed(f"the upload cannot be kept: {bad.strerror}", retryable=True) from bad
        yield body, out
    finally:
        await asyncio.to_thread(remove, body, out)


def columns_of_fields(written: str) -> dict[str, str]:
    """Return the column of each field in a text like `text:question,id:shop`.

    Raises Refused for a text of another form.

    >>> columns_of_fields("text:question, id:Shop no.")
    {'text': 'question', 'id': 'Shop no.'}
    """
    pairs = [one.partition(":") for one in written.split(",")] if written.strip() else []
    named = {field.strip(): column.strip() for field, _, column in pairs}
    if len(named) != len(pairs) or not all(named) or not all(named.values()):
        raise Refused("map: write it like text:question,id:shop", field="map")
    return named


def remove_abandoned(folder: Path, now: float) -> None:
    """Remove the files that a killed process has left here."""
    for path in folder.glob("*.*"):
        if path.stat().st_mtime < now - _ABANDONED_S:
            remove(path)


async def _write(request: Request, folder: Path, path: Path) -> None:
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    held = held_of(request)
    if held is not None and await asyncio.to_thread(held.move, path):
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        some = bytearray()
        # The entrance counts the bytes and ends the body at its limit.
        async for chunk in request.stream():
            some += chunk
            if len(some) >= _WRITTEN_AT_ONCE:
                await asyncio.to_thread(file.write, some)
                some = bytearray()
        await asyncio.to_thread(file.write, some)


def upload_docs() -> dict[str, Any]:
    task = TaskIn.model_json_schema()
    # The document has no place for definitions of a single operation, so the only one replaces its
    # reference.
    definitions = task.pop("$defs")
    task["properties"]["audience"]["anyOf"][0] = definitions["AudienceIn"]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "array", "items": task}},
                "application/jsonl": {"schema": {"type": "string"}},
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                    "schema": {"type": "string", "format": "binary"}
                },
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "id,text\n1,Is Mama Njeri Shop in Kibera?\n",
                },
            },
        }
    }
