"""Rows of delimited text, read with bounded memory. Errors name the row and the column."""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TextIO

from gateway.base.errors import Refused
from gateway.base.tabular.text import Source, opened_text

FIELD_CHARACTERS_MAX = 131_072
LINE_CHARACTERS_MAX = 1 << 22
COLUMNS_MAX = 1_000
DELIMITERS = (",", ";", "\t")
_END_OF_FILE = "\x1a"  # the mark that programs of DOS put behind the last line


def records(source: Source, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of a file.

    Raises Refused with the record's number in the file, from 1.
    """
    with opened_text(source, encoding) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        with _named_errors(lines, delimiter):
            for cells in reader:
                if lines.has_nul or len(cells) > COLUMNS_MAX:
                    raise _what_is_wrong(lines, delimiter)
                # Only some versions of csv bound unquoted fields by the length of a line.
                yield cells
                lines.begin_record()


def separator_line(first: str) -> str | None:
    """Return the delimiter that a first line `sep=;` names, as spreadsheets understand it.

    >>> separator_line("sep=;"), separator_line("id,text")
    (';', None)
    """
    bare = first.strip("\r\n").strip('"')
    return bare[4:5] or None if bare[:4].lower() == "sep=" and len(bare) <= len("sep=;") else None


def likely_delimiter(line: str) -> str:
    """Return the delimiter that occurs most often outside quotes in a header line."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


class _Lines:
    """The lines of a text, which keeps those of the record that is being read."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.record = 1
        self.read: list[str] = []
        self.has_nul = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LINE_CHARACTERS_MAX + 1)
        if line.endswith(_END_OF_FILE):  # Then the text ends here, for no line end follows.
            line = line.rstrip(_END_OF_FILE)
        if not line:
            raise StopIteration
        if len(line) > LINE_CHARACTERS_MAX:
            raise Refused(
                f"row {self.record}: a line of more than {LINE_CHARACTERS_MAX:,} characters",
                row=self.record,
            )
        self.read.append(line)
        self.has_nul = self.has_nul or "\0" in line
        return line

    def begin_record(self) -> None:
        self.record += 1
        self.read.clear()
        self.has_nul = False


class RecordError(Refused):
    """A fault of one record, with its number in the file and its column, both from 1."""

    def __init__(self, problem: str, record: int, column: int) -> None:
        super().__init__(problem)
        self.problem, self.record, self.column = problem, record, column


@contextmanager
def _named_errors(lines: _Lines, delimiter: str) -> Generator[None]:
    try:
        yield
    except csv.Error as bad:
        raise _what_is_wrong(lines, delimiter, str(bad)) from bad
    except UnicodeError as bad:
        raise RecordError("the text is cut inside a character", lines.record, 1) from bad


def _what_is_wrong(lines: _Lines, delimiter: str, said: str = "") -> RecordError:
    """Return the fault of a record, after reading it again to find the column."""
    text = "".join(lines.read)
    column, in_quotes, at_start, length = 1, False, True, 0
    for ch in text:
        if ch == "\0":
            return RecordError("there is a NUL character in it", lines.record, column)
        if ch == '"' and (at_start or in_quotes):
            in_quotes = not in_quotes
        elif ch == delimiter and not in_quotes:
            column, at_start, length = column + 1, True, 0
            continue
        at_start = ch == '"' and not in_quotes  # A doubled quote opens the quotes again.
        length += 1
        if length > FIELD_CHARACTERS_MAX:
            problem = f"a field of more than {FIELD_CHARACTERS_MAX:,} characters"
            more = "; a quote is opened and not closed" if in_quotes else ""
            return RecordError(problem + more, lines.record, column)
    if column > COLUMNS_MAX:
        return RecordError(f"more than {COLUMNS_MAX:,} columns", lines.record, COLUMNS_MAX + 1)
    if in_quotes:
        return RecordError("a quote is opened and not closed", lines.record, column)
    return RecordError(f"this is not CSV ({said}); is a quote not closed?", lines.record, column)
