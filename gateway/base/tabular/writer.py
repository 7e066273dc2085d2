"""The writer of CSV files that are safe to open: no spreadsheet executes a cell of them."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

# A spreadsheet executes a cell that begins with one of these characters. It skips blanks and
# quotes, and it reads full-width forms like the plain ones.
_DANGEROUS = "=+-@\u2212"
_SKIPPABLE = r"[\s\"'\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x1f]"
_SKIPPED = re.compile(f"^{_SKIPPABLE}+")
_PLAIN = re.compile("[0-9A-Za-z]")  # A text that begins so is never executed.
_NUMBER = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
# Where a spreadsheet of another region separates by one of these, a new cell begins after it.
_SEPARATORS = re.compile(r"([;\t\r\n])")
# Every character that normalises to a text beginning with one of `_DANGEROUS`.
_LIKE_DANGEROUS = (
    "+\u207a\u208a\u2a75\u2a76\ufb29\ufe62\uff0b"
    "=\u207c\u208c\ufe66\uff1d\u207b\u208b\u2212\ufe63\uff0d@\ufe6b\uff20-"
)


class CsvWriter:
    """The one writer of CSV. With `raw` it writes cells for programs, unprotected."""

    def __init__(
        self,
        *,
        raw: bool = False,
        lineterminator: str = "\r\n",
        delimiter: str = ",",
        quote_all: bool = False,
    ) -> None:
        self._raw = raw
        # A cell of written text can be executed only where this finds something. It also finds
        # harmless cells, such as negative numbers.
        self._doubtful = re.compile(
            rf"[;\t\r\n{re.escape(delimiter)}]{_SKIPPABLE}*[{_LIKE_DANGEROUS}]"
        )
        self._line = io.StringIO()
        self._writer = csv.writer(
            self._line,
            delimiter=delimiter,
            lineterminator=lineterminator,
            quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        )

    def row(self, cells: Sequence[object]) -> str:
        """Return one row as a line of CSV. None is an empty cell."""
        return self.text((cells,))

    def text(self, rows: Iterable[Sequence[object]]) -> str:
        """Return all rows as one text.

        Looking for a doubtful cell once in the whole text costs much less than looking at each
        cell. The cells are looked at only where one is doubtful.
        """
        rows = list(rows)
        text = self._written(rows)
        if self._raw or not self._doubtful.search(f"\n{text}"):
            return text
        return self._written([[_protected(one) for one in cells] for cells in rows])

    def _written(self, rows: Iterable[Sequence[object]]) -> str:
        self._writer.writerows(rows)
        text = self._line.getvalue()
        self._line.seek(0)
        self._line.truncate()
        return text


def _protected(value: object) -> object:
    return spreadsheet_cell(value) if isinstance(value, str) else value


def spreadsheet_cell(text: str) -> str:
    """Return the cell with which a spreadsheet shows this text unchanged.

    A text that a spreadsheet would execute gets an apostrophe in front. Numbers stay numbers, and
    `restored` gives back every text.

    >>> spreadsheet_cell("=1+1"), spreadsheet_cell("-20.5"), spreadsheet_cell("+254711000031")
    ("'=1+1", '-20.5', "'+254711000031")
    >>> spreadsheet_cell("a;=1+1"), spreadsheet_cell("Amina")
    ("a;'=1+1", 'Amina')
    """
    if text.isalnum() or (_PLAIN.match(text) and not _SEPARATORS.search(text)):
        return text
    return "".join(f"'{part}" if _is_executed(part) else part for part in _SEPARATORS.split(text))


def restored(cell: str) -> str:
    """Return the text that was given to `shown`.

    >>> restored("'=1+1"), restored("a;'=1+1"), restored("'tis")
    ('=1+1', 'a;=1+1', "'tis")
    """
    parts = _SEPARATORS.split(cell)
    return "".join(
        part[1:] if part[:1] == "'" and _is_executed(part[1:]) else part for part in parts
    )


def _is_executed(text: str) -> bool:
    if _NUMBER.fullmatch(text):
        return False
    bare = _SKIPPED.sub("", text)
    return bare[:1] != "" and unicodedata.normalize("NFKC", bare[0])[0] in _DANGEROUS
