"""The file of a client's upload, read row by row: CSV, XLSX, JSON lines or one JSON list."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from gateway.base.errors import Refused
from gateway.base.tabular import (
    Source,
    column_key,
    decoded_text,
    encoding_of,
    json_lines,
    json_value,
    open_table,
)

FIELDS = ("id", "text", "gold", "gold_reason", "audience")
"""The fields of a task. A column or key with another name is the client's own."""
_COLUMNS = ("id", "text", "gold", "gold_reason")
_OPTIONAL = frozenset({"gold", "gold_reason"})
_GOLD_OF = "gold."
"""The beginning of a column with the truth of one field of a record, like `gold.amount`."""
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX, and the format of older spreadsheets
_BEGINNING_BYTES = 64 * 1024
_BLANK = re.compile(r"[ \t\r\n]*")


class UploadedRow(dict[str, object]):
    """One row of an upload, with the number that the client sees beside it.

    `own` holds the client's own columns, which are not fields of a task.
    """

    def __init__(
        self, cells: Mapping[str, object], number: int, own: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(cells)
        self.number = number
        self.own: Mapping[str, object] = own or {}


def read_rows(
    file: BinaryIO | bytes, content_type: str, renamed: Mapping[str, str] | None = None
) -> Iterator[UploadedRow]:
    """Yield the rows of a file; its content type tells the format, or else its beginning.

    `renamed` names the columns from which fields are taken, by field. Raises Refused naming row and
    column, while the file is read. Only JSON is held in memory as a whole.
    """
    fields = _fields(renamed or {})
    source = file if isinstance(file, bytes) else _seekable(file)
    beginning = source[:_BEGINNING_BYTES] if isinstance(source, bytes) else _beginning(source)
    if beginning.startswith(_ARCHIVES):
        return _table_rows(source, fields)
    start = beginning.decode(encoding_of(source), errors="replace").lstrip("\ufeff \t\r\n")[:1]
    if not start and len(beginning) < _BEGINNING_BYTES:
        raise Refused("the upload is empty; send tasks as CSV, XLSX, JSON or JSON lines")
    if "csv" in content_type or ("json" not in content_type and start not in ("[", "{")):
        return _table_rows(source, fields)
    text = _checked_text(source)
    return _json_list(text, fields) if start == "[" else _json_lines(text, fields)


def _seekable(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


def _beginning(file: BinaryIO) -> bytes:
    beginning = file.read(_BEGINNING_BYTES)
    file.seek(0)
    return beginning


def _fields(renamed: Mapping[str, str]) -> dict[str, str]:
    """Return the field of each column that is one. Raises Refused for an unknown field."""
    unknown = [field for field in renamed if field not in FIELDS]
    if unknown:
        raise Refused(
            f"map: there is no field {unknown[0]!r}; there is: {', '.join(FIELDS)}", field="map"
        )
    return {renamed.get(field, field): field for field in FIELDS}


def _table_rows(source: Source, fields: Mapping[str, str]) -> Iterator[UploadedRow]:
    """Yield the rows of a table with the columns `id,text[,gold]` and the client's own."""
    known = {column_key(name): field for name, field in fields.items() if field in _COLUMNS}
    needed = [name for name, field in fields.items() if field in ("id", "text")]
    table = open_table(source, needed)
    table.need(needed, "the table's header must be id,text and may add gold and columns of yours")
    keys = [(column_key(name), name) for name in table.names if name]
    golds = {key: key.removeprefix(_GOLD_OF) for key, _ in keys if key.startswith(_GOLD_OF)}
    own = [(key, name) for key, name in keys if key not in known and key not in golds]
    for row in table.rows():
        cells: dict[str, object] = {
            field: row.cells[key]
            for key, field in known.items()
            if key in row.cells and (row.cells[key] or field not in _OPTIONAL)
        }
        if record := {field: row.cells[key] for key, field in golds.items() if row.cells.get(key)}:
            cells["gold"] = record
        yield UploadedRow(cells, row.number, {name: row.cells[key] for key, name in own})


def _checked_text(source: Source) -> str:
    text = decoded_text(source)
    if "\0" in text:  # PostgreSQL cannot store it.
        row = text[: text.index("\0")].count("\n") + 1
        raise Refused(f"row {row}: the row contains a NUL character", row=row)
    return text


def _json_lines(text: str, fields: Mapping[str, str]) -> Iterator[UploadedRow]:
    for number, value in json_lines(text):
        yield _object(value, number, fields)


def _json_list(text: str, fields: Mapping[str, str]) -> Iterator[UploadedRow]:
    """Yield the objects of one list, each read on its own."""
    scan, at, number = json.JSONDecoder(), text.index("[") + 1, 0
    while True:
        at = _BLANK.match(text, at).end()  # pyright: ignore[reportOptionalMemberAccess]  # matches nothing, too
        if text[at : at + 1] == "]" and number == 0:
            break
        number += 1
        try:
            _, end = scan.raw_decode(text, at)
        except (ValueError, RecursionError) as bad:
            raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
        yield _object(json_value(text[at:end], number), number, fields)
        at = _BLANK.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise Refused(
                f"row {number}: this is not JSON: a comma or ] must follow the task", row=number
            )
        at += 1
    if text[at + 1 :].strip():
        raise Refused("this is not JSON: something follows the end of the list")


def _object(value: object, number: int, fields: Mapping[str, str]) -> UploadedRow:
    if not isinstance(value, dict):
        raise Refused(
            f"row {number}: a task is an object like " + '{"id": "1", "text": "..."}', row=number
        )
    given = cast("dict[str, object]", value)
    cells = {fields[name]: one for name, one in given.items() if name in fields}
    return UploadedRow(
        cells, number, {name: one for name, one in given.items() if name not in fields}
    )
