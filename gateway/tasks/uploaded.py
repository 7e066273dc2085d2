"""The file of a client's upload, read row by row: CSV, XLSX, JSON lines or one JSON list.

A file has the gateway's own shape (`id,text`), or that of another service (`gateway.tasks.shapes`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import BinaryIO, Final, cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.tabular import (
    Source,
    Table,
    column_key,
    decoded_text,
    encoding_of,
    json_lines,
    json_list,
    open_table,
    refuse_packed,
)
from gateway.tasks import shapes
from gateway.tasks.shaping.port import Shape
from gateway.tasks.shaping.rows import FIELDS, GivenRow, ReadingAsked, UploadedRow, row_refused

AUTO: Final = "auto"
PLAIN: Final = "plain"
AS_IT_IS: Final = ReadingAsked()
_COLUMNS = ("id", "text", "gold", "gold_reason")
_OPTIONAL = frozenset({"gold", "gold_reason"})
_GOLD_OF = "gold."
"""The beginning of a column with the truth of one field of a record, like `gold.amount`."""
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX, and the format of older spreadsheets
_BEGINNING_BYTES = 64 * 1024
_JSON = re.compile(r"\[\s*[{\]]|{\s*\"")
"""The beginning of JSON, which is no header of a table."""


def read_rows(
    file: BinaryIO | bytes, content_type: str, asked: ReadingAsked = AS_IT_IS
) -> Iterator[UploadedRow]:
    """Yield the rows of a file; its content type tells the format, or else its beginning.

    The shape is the one that the client names, or is recognised by the header or the first object.
    A row that cannot be read is yielded with its problem. Raises Refused where the file cannot be
    read any further. Only a JSON list, and JSON of another service, is held in memory as a whole.
    """
    check_shape(asked.shape)
    source = file if isinstance(file, bytes) else _seekable(file)
    beginning = source[:_BEGINNING_BYTES] if isinstance(source, bytes) else _beginning(source)
    if beginning.startswith(_ARCHIVES):
        return _table_rows(source, asked)
    refuse_packed(beginning)
    start = beginning.decode(encoding_of(source), errors="replace").lstrip("\ufeff \t\r\n")
    if not start and len(beginning) < _BEGINNING_BYTES:
        raise Refused("the upload is empty; send tasks as CSV, XLSX, JSON or JSON lines")
    is_list = start.startswith("[")
    if "csv" in content_type:  # Programs say so of every file that they upload.
        is_json = _JSON.match(start) is not None
    else:
        is_json = "json" in content_type or start[:1] in ("[", "{")
    if not is_json:
        return _table_rows(source, asked)
    values = json_list(_checked_text(source)) if is_list else json_lines(source)
    return _json_rows(values, asked)


def check_shape(shape: str) -> None:
    """Raise Refused for a shape that is not known."""
    if shape not in shape_names():
        raise Refused(
            f"there is no shape {shape!r}; there is: {', '.join(shape_names())}", field="shape"
        )


def shape_names() -> tuple[str, ...]:
    """Return the words with which a client names the shape of a file."""
    return (AUTO, PLAIN, *plugins.kinds(shapes))


def shape_of(names: Sequence[str], asked: str) -> Shape | None:
    """Return the shape of a file with these columns or keys. None is the gateway's own.

    `asked` is the shape that the client names, or `auto`.
    """
    if asked == PLAIN:
        return None
    if asked != AUTO:
        return _shape(asked)
    known = (_shape(kind) for kind in plugins.kinds(shapes))
    return next((shape for shape in known if shape.recognised(names)), None)


def _shape(kind: str) -> Shape:
    return plugins.load(shapes, kind)  # pyright: ignore[reportReturnType]  # a shape is its module


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


def _table_rows(source: Source, asked: ReadingAsked) -> Iterator[UploadedRow]:
    """Yield the rows of a table of any shape."""
    fields = _fields(asked.renamed) if asked.shape in (AUTO, PLAIN) else {}
    needed = [name for name, field in fields.items() if field in ("id", "text")]
    table = open_table(source, needed)
    shape = shape_of(table.names, asked.shape)
    if shape is None:
        return _plain_rows(table, fields)
    names = [name for name in table.names if name]
    pairs = [(name, column_key(name)) for name in names]
    keys = [key for _, key in pairs]
    rows = (
        GivenRow(
            row.number,
            {name: row.cells.get(key, "") for name, key in pairs},
            row.fault or _second_header(row.number, row.cells, keys),
        )
        for row in table.rows(go_on=True)
    )
    return shape.read(names, rows, asked)


def _plain_rows(table: Table, fields: Mapping[str, str]) -> Iterator[UploadedRow]:
    """Yield the rows of a table with the columns `id,text[,gold]` and the client's own."""
    known = {column_key(name): field for name, field in fields.items() if field in _COLUMNS}
    needed = [name for name, field in fields.items() if field in ("id", "text")]
    table.need(needed, "the table's header must be id,text and may add gold and columns of yours")
    keys = [(column_key(name), name) for name in table.names if name]
    golds = {key: key.removeprefix(_GOLD_OF) for key, _ in keys if key.startswith(_GOLD_OF)}
    own = [(key, name) for key, name in keys if key not in known and key not in golds]
    columns = [key for key, _ in keys]
    for row in table.rows(go_on=True):
        fault = row.fault or _second_header(row.number, row.cells, columns)
        if fault is not None:
            yield _faulty(row.number, fault)
            continue
        cells: dict[str, object] = {
            field: row.cells[key]
            for key, field in known.items()
            if key in row.cells and (row.cells[key] or field not in _OPTIONAL)
        }
        if record := {field: row.cells[key] for key, field in golds.items() if row.cells.get(key)}:
            cells["gold"] = record
        yield UploadedRow(cells, row.number, {name: row.cells[key] for key, name in own})


def _second_header(number: int, cells: Mapping[str, str], columns: Sequence[str]) -> Refused | None:
    """Return the refusal of a row that has the names of the columns once more, or None."""
    first = columns[0]
    if column_key(cells.get(first, "")) != first:  # as in nearly every row
        return None
    if any(column_key(cells.get(column, "")) != column for column in columns):
        return None
    return row_refused("this row repeats the header: delete it", number, first)


def _checked_text(source: Source) -> str:
    text = decoded_text(source)
    if "\0" in text:  # PostgreSQL cannot store it.
        row = text[: text.index("\0")].count("\n") + 1
        raise Refused(f"row {row}: the row contains a NUL character", row=row)
    return text


def _json_rows(values: Iterator[tuple[int, object]], asked: ReadingAsked) -> Iterator[UploadedRow]:
    """Yield the tasks of JSON values. The first value tells the shape."""
    first = next(values, None)
    keys = list(cast("dict[str, object]", first[1])) if first and isinstance(first[1], dict) else []
    shape, each = shape_of(keys, asked.shape), chain([first] if first else [], values)
    if shape is None:
        fields = _fields(asked.renamed)
        return (_plain(_object(value, number), fields) for number, value in each)
    given = [_object(value, number) for number, value in each]
    rows = [shape.flat(row) if row.problem is None else row for row in given]
    if rows and all(row.problem is not None for row in rows):  # Nothing tells the columns.
        return (_plain(row, {}) for row in rows)
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return shape.read(list(names), rows, asked)


def _object(value: object, number: int) -> GivenRow:
    if not isinstance(value, dict):
        problem = f"row {number}: a task is an object like " + '{"id": "1", "text": "..."}'
        fault = value if isinstance(value, Refused) else Refused(problem, row=number)
        return GivenRow(number, {}, fault)
    return GivenRow(number, cast("dict[str, object]", value))


def _faulty(number: int, problem: Refused) -> UploadedRow:
    row = UploadedRow({}, number)
    row.problem = problem
    return row


def _plain(row: GivenRow, fields: Mapping[str, str]) -> UploadedRow:
    if row.problem is not None:
        return _faulty(row.number, row.problem)
    cells = {fields[name]: one for name, one in row.cells.items() if name in fields}
    own = {name: one for name, one in row.cells.items() if name not in fields}
    return UploadedRow(cells, row.number, own)
