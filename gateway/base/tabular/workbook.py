"""The rows of an XLSX file, which openpyxl reads as a stream.

Limits protect the gateway from malicious files.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, cast

from gateway.base.errors import Refused
from gateway.base.tabular.delimited import COLUMNS_MAX, RecordError

UNPACKED_BYTES_MAX = 512 << 20
STRINGS_BYTES_MAX = 128 << 20
ENTRIES_MAX = 2_000
RATIO_MAX = 400
RATIO_FROM_BYTES = 1 << 20  # Small parts of a workbook may shrink a lot.
ROWS_MAX = 1_048_576
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
_ESCAPED = re.compile(r"_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")  # no half of a character


class NumberCell(str):
    """A number of a spreadsheet as text. Its point is a decimal point in any table."""

    __slots__ = ()


class FaultyRecord(list[str]):
    """A row with a cell that cannot be read: the cells, with `!` for that one, and the fault."""

    def __init__(self, cells: Iterable[str], fault: RecordError) -> None:
        super().__init__(cells)
        self.fault = fault


def workbook_records(file: BinaryIO) -> Iterator[list[str]]:
    """Yield the cells of the first sheet that is not hidden, row by row, as text.

    A row with a cell that cannot be read is a FaultyRecord. Raises Refused when the file is not
    XLSX.
    """
    _check_archive(file)
    from openpyxl import load_workbook  # noqa: PLC0415  # It costs start-up time, and most files are CSV.

    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as bad:
        raise Refused(f"this XLSX file cannot be read ({type(bad).__name__}); save it again, or as CSV UTF-8") from bad  # fmt: skip
    try:
        sheets = cast("list[Any]", book.worksheets)
        # A hidden sheet holds lists for drop-downs, and its author may not know of it.
        sheet = next((one for one in sheets if one.sheet_state == "visible"), None)
        if sheet is None:
            raise Refused("this XLSX file has no sheet with cells")
        sheet.reset_dimensions()  # The size that a file states may be wrong, or chosen to do harm.
        yield from _rows(sheet.iter_rows())
    finally:
        book.close()


def _rows(rows: Iterable[Any]) -> Iterator[list[str]]:
    source = iter(rows)
    number = 0
    while True:
        try:
            row = next(source, None)
        except Refused:
            raise
        except Exception as bad:
            raise Refused(f"row {number + 1}: this XLSX file is damaged ({type(bad).__name__})", row=number + 1) from bad  # fmt: skip
        if row is None:
            return
        number += 1
        if number > ROWS_MAX:
            raise Refused(f"more than {ROWS_MAX:,} rows in the sheet")
        if len(row) > COLUMNS_MAX:
            raise RecordError(f"more than {COLUMNS_MAX:,} columns", number, COLUMNS_MAX + 1)
        try:
            yield [_text(cell, number, column) for column, cell in enumerate(row, 1)]
        except RecordError as bad:
            yield FaultyRecord("!" * len(row), bad)


def _text(cell: Any, row: int, column: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        problem = "the cell holds a formula; copy the sheet and paste it as values"
        raise RecordError(problem, row, column)
    if cell.data_type == "e":
        raise RecordError(f"the cell holds the error {value}", row, column)
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return NumberCell(_with_zeros(number_text(value), str(cell.number_format)))
        case datetime():
            is_day = value.time() == time() and not {"h", "s"} & set(
                str(cell.number_format).lower()
            )
            return value.date().isoformat() if is_day else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case _:
            text = unescaped(str(value))
            if "\0" in text:
                raise RecordError("there is a NUL character in it", row, column)
            return text


def unescaped(text: str) -> str:
    r"""Return the text of a cell. XLSX writes characters that XML does not have as `_xHHHH_`.

    >>> unescaped("a_x0009_b"), unescaped("_x005F_x0009_"), unescaped("_xD800_")
    ('a\tb', '_x0009_', '_xD800_')
    """
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def escaped(text: str) -> str:
    """Return the text as a cell holds it, so that a text that looks like an escape stays itself.

    >>> escaped("_x0009_"), escaped("snake_case_x")
    ('_x005F_x0009_', 'snake_case_x')
    """
    return _ESCAPED.sub(r"_x005F_x\1_", text)


def _with_zeros(number: str, shape: str) -> str:
    """Return a whole number with the zeros that its format shows in front of it.

    >>> _with_zeros("7", "000"), _with_zeros("7.5", "000"), _with_zeros("7", "General")
    ('007', '7.5', '7')
    """
    return number.zfill(len(shape)) if number.isdecimal() and not shape.strip("0") else number


def number_text(value: float) -> str:
    """Return a number as its author wrote it, since a spreadsheet keeps 15 significant digits.

    >>> number_text(254711000031.0), number_text(0.1 + 0.2), number_text(1e-7), number_text(20.5)
    ('254711000031', '0.3', '0.0000001', '20.5')
    """
    if isinstance(value, int):
        return str(value)
    plain = f"{Decimal(f'{value:.15g}'):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _check_archive(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as bad:
        raise Refused("this file begins like XLSX, but is damaged; save it again") from bad
    finally:
        file.seek(0)
    names = {entry.filename for entry in entries}
    if not any(name.startswith("xl/") for name in names):
        raise Refused("this is a ZIP file, but no XLSX; save the table as XLSX or CSV UTF-8")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("the file is protected by a password; save it without one")
    if len(entries) > ENTRIES_MAX or sum(e.file_size for e in entries) > UNPACKED_BYTES_MAX:
        raise Refused("the XLSX file is too large when unpacked; send it as CSV, or in parts")
    for entry in entries:
        is_bomb = entry.file_size > RATIO_FROM_BYTES and entry.file_size > RATIO_MAX * max(1, entry.compress_size)  # fmt: skip
        too_many = entry.filename.endswith("sharedStrings.xml") and entry.file_size > STRINGS_BYTES_MAX  # fmt: skip
        if is_bomb or too_many:
            raise Refused(f"{entry.filename} in the XLSX file is too large when unpacked; send it as CSV, or in parts")  # fmt: skip
