"""A client's upload of tasks: JSON, JSON lines or CSV, as a body or as a file of a form, read into rows."""

from typing import Any, cast

import orjson
from fastapi import Request

from gateway.api.asked import TaskIn
from gateway.errors import Refused
from gateway.tasks.intake import read_csv

UPLOAD_BYTES_MAX = 50 * 1024 * 1024


async def body_of(request: Request) -> bytes:
    """The body, or the first file of a form; refused beyond the limit before it is held in memory."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_part_size=UPLOAD_BYTES_MAX) as form:
            for value in form.values():
                if not isinstance(value, str):
                    return await value.read()
        raise Refused("the form holds no file")
    chunks, size = list[bytes](), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > UPLOAD_BYTES_MAX:
            raise Refused(
                f"the upload is larger than {UPLOAD_BYTES_MAX // 2**20} MB; send it as several batches",
                status=413,
            )
        chunks.append(chunk)
    return b"".join(chunks)


def rows_of(body: bytes, content_type: str) -> list[dict[str, object]]:
    """Rows of whatever was sent: told by the content type, or else by how it begins."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise Refused(
            f"the upload is not UTF-8 (byte {bad.start}); save it as UTF-8 and send it again"
        ) from bad
    if "\0" in text:
        row = text[: text.index("\0")].count("\n")
        raise Refused(f"row {row}: there is a NUL character in it", row=row)
    if not text.strip():
        raise Refused("the upload is empty")
    if "csv" in content_type or (
        "json" not in content_type and not text.lstrip().startswith(("[", "{"))
    ):
        return read_csv(text)
    return _json_rows(text)


def _json_rows(text: str) -> list[dict[str, object]]:
    if text.lstrip().startswith("["):
        try:
            given: list[object] = orjson.loads(text)
        except orjson.JSONDecodeError as bad:
            raise Refused(f"this is not JSON: {bad}") from bad
    else:
        given = [
            _line(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()
        ]
    rows: list[dict[str, object]] = []
    for number, row in enumerate(given, 1):
        if not isinstance(row, dict):
            raise Refused(
                f"row {number}: a task is an object like " + '{"id": "1", "text": "..."}',
                row=number,
            )
        rows.append(cast("dict[str, object]", row))
    return rows


def _line(line: str, number: int) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as bad:
        raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad


def upload_docs() -> dict[str, Any]:
    task = TaskIn.model_json_schema()
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "array", "items": task}},
                "application/jsonl": {"schema": {"type": "string"}},
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "id,text\n1,Is Mama Njeri Shop in Kibera?\n",
                },
            },
        }
    }
