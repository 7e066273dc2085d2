"""A table is read as its author meant it, whatever program wrote the file."""

import io
import zipfile
from datetime import date, datetime
from itertools import islice

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.tabular import NumberCell, json_lines, open_table

ROWS = [{"id": "1", "text": "Toi Market"}, {"id": "2", "text": "Caf\u00e9"}]


def cells(source: bytes | str, needed: tuple[str, ...] = ("id", "text")) -> list[dict[str, str]]:
    table = open_table(source, needed)
    table.need(needed, "table")
    return [dict(row.cells) for row in table.rows()]


def xlsx(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_separators_line_ends_and_encodings(mark: str, end: str, encoding: str) -> None:
    lines = ["ID , Text,,", "1,Toi Market,,", ",,,", "2,Caf\u00e9,,", " , ,,", ",,,", ""]
    text = end.join(lines).replace(",", mark)
    assert cells(text.encode(encoding)) == ROWS


def test_what_spreadsheets_add() -> None:
    assert cells("sep=;\r\nid;text\r\n1;Toi Market, Kibera\r\n") == [
        {"id": "1", "text": "Toi Market, Kibera"}
    ]
    assert cells("\ufeffid,text\n\n1,a\n")[0] == {"id": "1", "text": "a"}
    assert cells('"id";"text"\n1;"a ""b"" c"\n')[0]["text"] == 'a "b" c'
    assert cells("id;text\n1;Toi, Gikomba, Kibera, Kawangware\n")[0]["id"] == "1"


@pytest.mark.parametrize("end", ["\n\x1a", "\x1a", "\x1a\x1a", "\r\n\x1a"])
def test_the_end_mark_of_old_programs_is_no_row(end: str) -> None:
    assert cells(f"id,text\n1,a{end}") == [{"id": "1", "text": "a"}]


def test_a_header_is_found_below_lines_about_the_organisation() -> None:
    table = open_table("Organization: GATEWAY\n\nShort code;600000\nId;Text\n1;a\n", ("id",), preamble=True)  # fmt: skip
    (row,) = table.rows()
    assert (row.number, row.line, row.cell("TEXT")) == (1, 5, "a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,text,ID \n1,a,b\n", "the header names the column 'id' twice"),
        ("id,words\n1,a\n", "no column 'text'; found: id, words"),
        ("id,text\n1,a\n2,b,c\n", "row 2: 3 columns"),
        ("id,text\n1,a\n\n2,b\0\n", "row 3, column text: there is a NUL"),
        ('id,text\n1,a\n2,"b\n3,c\n', "row 2, column text: a quote is opened and not closed"),
        ('id,text\n1,"a"b\n', "row 1, column text: this is not CSV"),
        (f"id,text\n1,{'x' * 200_000}\n", "row 1, column text: a field of more than 131,072"),
        (f'id,text\n1,"{"x" * 200_000}', "a quote is opened and not closed"),
        ("id,,text\n1,z,a\n", "row 1: column B has no name"),
        ("", "empty"),
        ("\n \n", "empty"),
    ],
)
def test_faults_name_row_and_column(text: str, said: str) -> None:
    with pytest.raises(Refused, match=r".") as refused:
        cells(text)
    assert said in str(refused.value)


def test_broken_utf8_is_not_taken_for_another_encoding() -> None:
    with pytest.raises(Refused, match="line 3: this is not UTF-8"):
        cells("id,text\n1,Caf\u00e9\n2,x".encode() + b"\xc3\n")
    with pytest.raises(Refused, match="not UTF-8"):
        cells(b"id,text\n1,\x81\n")


def test_json_lines_end_at_a_line_feed_only() -> None:
    text = '{"t": "a\u2028b"}\r\n{"t": "a\u0085b"}\n\n{"t": "a\x0c"}'.replace("\x0c", "\u2029")
    assert [(n, v["t"]) for n, v in json_lines(text)] == [  # pyright: ignore[reportIndexIssue,reportUnknownVariableType]
        (1, "a\u2028b"), (2, "a\u0085b"), (4, "a\u2029"),
    ]  # fmt: skip


def test_typed_cells_of_a_spreadsheet() -> None:
    moment = datetime(2026, 11, 30, 10, 5)  # noqa: DTZ001  # a spreadsheet knows no zones
    file = xlsx(
        ["ID", "Text", "At", None],
        [254711000031.0, "=1+1 is a text"[1:], moment, None],
        [None, None, None, None],
        [1.5, True, date(2026, 11, 30), None],
        [0.1 + 0.2, "007", None],
    )
    assert cells(file) == [
        {"id": "254711000031", "text": "1+1 is a text", "at": "2026-11-30 10:05:00"},
        {"id": "1.5", "text": "TRUE", "at": "2026-11-30"},
        {"id": "0.3", "text": "007", "at": ""},
    ]
    first = next(open_table(file, ("id",)).rows())
    assert isinstance(first.cell("id"), NumberCell)


def test_a_formula_is_refused_by_its_cell() -> None:
    with pytest.raises(Refused, match="row 2, column text: the cell holds a formula"):
        cells(xlsx(["id", "text"], [1, "a"], [2, "=A2"]))


def test_merged_cells_leave_the_others_empty() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "text"], [1, "a"], [2, "b"]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    file = io.BytesIO()
    book.save(file)
    assert [row["text"] for row in cells(file.getvalue())] == ["a", ""]


def repacked(file: bytes, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:  # fmt: skip
        for name in old.namelist():
            new.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], old.read(name)))
    return out.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (repacked(xlsx(["id", "text"]), sheet1=b"0" * (8 << 20)), "too large when unpacked"),
        (repacked(xlsx(["id", "text"]), sheet1=b"<worksheet><sheetData><row"), "cannot be read|damaged|empty"),
        (xlsx(["id", "text"])[:200], "damaged"),
        (b"PK\x03\x04", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old or a protected Excel"),
    ],
)  # fmt: skip
def test_files_made_to_harm_are_refused(file: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        cells(file)


def test_rows_are_streamed() -> None:
    text = "id,text\n" + "1,a\n" * 300_000
    first = list(islice(open_table(text.encode(), ("id",)).rows(), 2))
    assert [row.number for row in first] == [1, 2]


PLAIN = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp")), min_size=1, max_size=12
)


@given(
    rows=st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=8),
    mark=st.sampled_from(",;\t"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
)
def test_every_text_comes_back_as_it_was(
    rows: list[tuple[str, str]], mark: str, encoding: str
) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    text = "\n".join(mark.join(row) for row in [["id", "text"], *quoted])
    assert [(row["id"], row["text"]) for row in cells(text.encode(encoding))] == rows


@pytest.mark.parametrize(
    "raw", [b"a\x00b", b"\xff\xfe\x00", "id,text\n1,x".encode("utf-16-le")[:-1]]
)
def test_utf_16_that_is_cut_inside_a_character_is_refused(raw):
    with pytest.raises(Refused, match="save the file as CSV UTF-8"):
        list(open_table(io.BytesIO(raw), ("id", "text")).rows())
