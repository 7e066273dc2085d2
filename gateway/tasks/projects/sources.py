"""The client's file: a table whose rows stand in order, or one long text."""

from dataclasses import dataclass
from io import BytesIO

from gateway.base.errors import Refused
from gateway.base.tabular import column_key, decoded_text, open_table
from gateway.base.text.strings import prose

_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""The first bytes of XLSX files and of older spreadsheets."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the client's table: its number below the header, and its cells in order."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The client's table. Blank rows in its middle are kept, so that no row is lost."""

    names: tuple[str, ...]
    rows: tuple[SourceRow, ...]

    def place(self, column: str) -> int | None:
        """Return the place of a column, whatever its case, or None where there is none."""
        keys = [column_key(name) for name in self.names]
        key = column_key(column)
        return keys.index(key) if key in keys else None


def read_table(body: bytes, rows_max: int) -> SourceTable:
    """Return the table in a CSV or XLSX file. Raises Refused naming row, column and rule."""
    table = open_table(body if not body.startswith(_ARCHIVES) else BytesIO(body), ())
    names = tuple(name for name in table.names if name)
    keys = [column_key(name) for name in names]
    rows = list[SourceRow]()
    for row in table.rows():
        if row.number > rows_max:
            raise Refused(
                f"row {row.number}: at most {rows_max:,} rows go into one project "
                "(limits.batch_tasks); send the rest as another project",
                row=row.number,
            )
        rows += (SourceRow(n, ("",) * len(names)) for n in range(len(rows) + 1, row.number))
        cells = tuple(str(row.cells.get(key, "")) for key in keys)
        rows.append(SourceRow(row.number, cells))
    if not rows:
        raise Refused("the table has no rows below its header")
    return SourceTable(names, tuple(rows))


def read_text(body: bytes, characters_max: int) -> str:
    """Return the text in a file. Raises Refused for a file that is no text, or too long."""
    if body.startswith((*_ARCHIVES, b"%PDF", b"{\\rtf")):
        raise Refused("this is no plain text; save it as a text file (.txt) in UTF-8")
    text = decoded_text(body).removeprefix("\ufeff")
    if len(text) > characters_max:
        raise Refused(
            f"the text has {len(text):,} characters; at most {characters_max:,} go into one project"
        )
    for number, line in enumerate(text.split("\n"), 1):
        try:
            prose(line, "text")
        except Refused as bad:
            raise Refused(f"line {number}: {bad}", field="text", row=number) from bad
    if not text.strip():
        raise Refused("the text is empty")
    return text
