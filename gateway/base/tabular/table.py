"""A table with a header: its columns by name, and its rows as a stream."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from gateway.base.errors import Refused
from gateway.base.tabular.delimited import (
    DELIMITERS,
    RecordError,
    likely_delimiter,
    records,
    separator_line,
)
from gateway.base.tabular.text import Source, encoding_of, open_source, opened_text
from gateway.base.tabular.workbook import OLD_EXCEL, ZIP, FaultyRecord, workbook_records
from gateway.base.text.characters import visible

PREAMBLE_ROWS = 60  # Lines about the organisation may stand above the header of a statement.
_LETTERS = 26
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row below the header of a table."""

    number: int
    """The number of the row, from 1 below the header, blank rows included."""
    line: int
    """The number of the row, from 1 at the top of the file, blank rows included."""
    cells: Mapping[str, str]
    """The trimmed cells by column key, see `column_key`."""
    fault: Refused | None = None
    """The reason why the row cannot be read, where the reader goes on behind such rows."""

    def cell(self, name: str) -> str:
        """Return the cell of a column, or "" when the table has no such column."""
        return self.cells.get(column_key(name), "")


def column_key(name: str) -> str:
    """Return the key of a column: its name without case, outer blanks and invisible characters.

    >>> column_key(" ID "), column_key("Receipt  No.")
    ('id', 'receipt no.')
    """
    return " ".join(visible(name).casefold().split())


class Table:
    """A file that has a header. Each call of `rows` reads the file again."""

    def __init__(
        self, source: Source, header: Sequence[str], start: int, reading: "_Reading"
    ) -> None:
        self._source, self._start, self._reading = source, start, reading
        self.names = tuple(visible(name) for name in header)
        self.keys = tuple(column_key(name) for name in header)
        self._check_header()

    @property
    def is_decimal_comma_likely(self) -> bool:
        """Return whether the file separates cells by semicolons.

        Spreadsheets that write decimal commas separate so.
        """
        return self._reading.delimiter == ";"

    def has(self, name: str) -> bool:
        """Return whether there is a column of that name."""
        return column_key(name) in self.keys

    def need(self, names: Sequence[str], what: str) -> None:
        """Raise Refused, which names the columns that were found, when a column is missing."""
        missing = [name for name in names if not self.has(name)]
        if missing:
            named = [name for name in self.names if name]
            found = ", ".join(named) or "nothing"
            hint = ""
            if len(named) == 1 < len(names):
                hint = (
                    "; the header must be the first row, without a title above it, and commas, "
                    "semicolons or tabs separate its columns"
                )
            raise Refused(
                f"{what}: no column {missing[0]!r}; found: {found}{hint}", field=missing[0], row=0
            )

    def rows(self, *, go_on: bool = False) -> Iterator[TableRow]:
        """Yield the rows below the header that are not blank.

        Raises Refused for a row that cannot be read. With `go_on`, such a row is yielded with its
        `fault` instead, and the rows behind it follow, unless the file itself is damaged there.
        """
        width, is_each_named = len(self.keys), all(self.keys)
        with self._errors():
            for line, cells in enumerate(_records(self._source, self._reading), 1):
                if line <= self._start:
                    continue
                trimmed = [_trimmed(cell) for cell in cells]
                if not any(trimmed):
                    continue
                if len(trimmed) != width or not is_each_named or type(cells) is not list:
                    try:
                        self._check_row(cells, trimmed, line)
                    except Refused as refused:
                        if not go_on:
                            raise
                        yield TableRow(line - self._start, line, {}, refused)
                        continue
                    trimmed += [""] * (width - len(trimmed))
                named = dict(zip(self.keys, trimmed, strict=False))
                if not is_each_named:
                    named.pop("", None)
                yield TableRow(line - self._start, line, named)

    def _check_row(self, cells: list[str], trimmed: list[str], line: int) -> None:
        if isinstance(cells, FaultyRecord):
            with self._errors():
                raise cells.fault
        self._check_width(trimmed, line)

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Add to a record's fault the name of its column and its row below the header."""
        try:
            yield
        except RecordError as bad:
            row = bad.record - self._start
            place = bad.column - 1
            name = self.names[place] if place < len(self.names) else ""
            column = name or _letter(place)
            where = f"row {row}, column {column}" if row > 0 else f"line {bad.record}"
            raise Refused(f"{where}: {bad.problem}", field=column, row=max(row, 0)) from bad

    def _check_width(self, cells: Sequence[str], line: int) -> None:
        row, width = line - self._start, len(self.keys)
        if any(cells[width:]):
            raise Refused(
                f"row {row}: {len(cells)} columns, but the header has {width} ({', '.join(self.names)});"
                " put a cell with a separator in it into double quotes",
                row=row,
            )
        for place, key in enumerate(self.keys):
            if not key and place < len(cells) and cells[place]:
                raise Refused(
                    f"row {row}: column {_letter(place)} has no name in the header", row=row
                )

    def _check_header(self) -> None:
        named = [key for key in self.keys if key]
        doubled = next((key for key in named if named.count(key) > 1), None)
        if doubled is not None:
            name = self.names[self.keys.index(doubled)]
            raise Refused(f"the header names the column {name!r} twice", field=name, row=0)


def open_table(source: Source, needed: Sequence[str], *, preamble: bool = False) -> Table:
    """Return the table in a file or in bytes. A `str` is text that was decoded before.

    The separator is the one that gives the `needed` columns. With `preamble`, the header is the
    first row that has them, else the first row that is not blank. A missing column is not refused
    here, see `Table.need`.
    """
    best: Table | None = None
    wrong: Refused | None = None
    for reading in _ways(source):
        try:
            start, header = _header(source, reading, needed, PREAMBLE_ROWS if preamble else 1)
            table = Table(source, header, start, reading)
        except Refused as refused:
            # A quoted header is wrong in each reading but the likeliest, so only that one counts.
            wrong = wrong if best or wrong else refused
            continue
        if all(table.has(name) for name in needed):
            return table
        best = best or table
    if wrong or best is None:
        raise wrong or Refused("the file is empty")
    return best


def refuse_packed(beginning: bytes) -> None:
    """Raise Refused for a file that is plainly compressed, which no table and no text is."""
    for start, name in _PACKED.items():
        if beginning.startswith(start):
            raise Refused(f"this file is compressed ({name}); unpack it and send what is inside")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to read the file."""

    encoding: str
    """The encoding of the text; "" for XLSX."""
    delimiter: str
    """The separator of the cells; "" for XLSX."""
    skip: int = 0
    """The number of records above the table."""


def _ways(source: Source) -> list[_Reading]:
    """Return the possible ways to read the file, the likeliest first."""
    if not isinstance(source, str):
        with open_source(source) as file:
            first = file.read(6)
        if first.startswith(ZIP):
            return [_Reading("", "")]
        refuse_packed(first)
        if first.startswith(OLD_EXCEL):
            raise Refused(
                "this is an old or a protected Excel file; save it as XLSX without a password, or as CSV UTF-8"
            )
    encoding = encoding_of(source)
    with opened_text(source, encoding) as text:
        lines = [line for line in islice(iter(lambda: text.readline(1 << 16), ""), PREAMBLE_ROWS) if line.strip()]  # fmt: skip
    if not lines:
        raise Refused("the file is empty")
    named = separator_line(lines[0])
    if named:
        return [_Reading(encoding, named, skip=1)]
    likely = likely_delimiter(lines[0])
    others = [mark for mark in DELIMITERS if mark != likely]
    return [_Reading(encoding, mark) for mark in (likely, *others)]


def _records(source: Source, reading: _Reading) -> Iterator[list[str]]:
    if reading.delimiter:
        yield from records(source, reading.encoding, reading.delimiter)
    else:
        assert not isinstance(source, str)
        with open_source(source) as file:
            yield from workbook_records(file)


def _header(
    source: Source, reading: _Reading, needed: Sequence[str], most: int
) -> tuple[int, list[str]]:
    """Return the line of the header and its cells.

    Without a row that has all needed columns, that is the first row.
    """
    first: tuple[int, list[str]] | None = None
    wanted = {column_key(name) for name in needed}
    found = islice(_records(source, reading), reading.skip + PREAMBLE_ROWS)
    try:
        for line, cells in enumerate(found, 1):
            trimmed = _without_empty_end([visible(cell) for cell in cells])
            if line <= reading.skip or not trimmed:
                continue
            first = first or (line, trimmed)
            if wanted <= {column_key(name) for name in trimmed}:
                return line, trimmed
            most -= 1
            if most <= 0:
                break
    except RecordError as bad:
        if first is None:
            raise Refused(f"line {bad.record}: {bad.problem}", row=0) from bad
    if first is None:
        raise Refused("the file is empty")
    return first


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _trimmed(cell: str) -> str:
    """Return a cell without outer blanks. A NumberCell keeps its type.

    Programs write ="0071" so that a spreadsheet does not drop the zeros.

    >>> _trimmed(' ="0071" '), _trimmed('="a"&"b"')
    ('0071', '="a"&"b"')
    """
    bare = cell.strip()
    if (
        bare.startswith('="')
        and bare.endswith('"')
        and '"' not in bare[2:-1]
        and len(bare) > len('="')
    ):
        return bare[2:-1].strip()
    return cell if bare == cell else bare


def _letter(place: int) -> str:
    """Return the name of a column in spreadsheets.

    >>> _letter(0), _letter(27)
    ('A', 'AB')
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
