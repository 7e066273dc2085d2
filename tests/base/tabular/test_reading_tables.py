"""A table is read as its author meant it, whatever program wrote the file."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from itertools import islice

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.tabular import NumberCell, WorkbookWriter, json_lines, open_table

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


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    fill(book)
    book.save(file)
    return file.getvalue()


def test_a_hidden_sheet_is_not_the_table_that_its_author_sees() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        lists = book.worksheets[0]
        lists.append(["id", "text"])
        lists.append(["old", "a list for a drop-down"])
        lists.sheet_state = "hidden"
        seen = book.create_sheet("tasks")
        seen.append(["id", "text"])
        seen.append([1, "a"])
        book.active = 1

    assert cells(workbook(fill)) == [{"id": "1", "text": "a"}]


def test_a_number_that_is_shown_with_zeros_in_front_keeps_them() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.append(["id", "text"])
        for number, shape in ((7, "000"), (1234, "000"), (7.5, "000"), (-7, "000"), (7, "0")):
            sheet.append([number, "a"])
            sheet.cell(sheet.max_row, 1).number_format = shape

    assert [row["id"] for row in cells(workbook(fill))] == ["007", "1234", "7.5", "-7", "7"]


def test_characters_that_xlsx_escapes_are_read_as_what_they_are() -> None:
    """Excel writes a carriage return as _x000D_, and a text that looks like that as _x005F_."""
    rows = ["line_x000D_\nbreak", "_x0041_bc", "_x005F_x0041_", "_x00ZZ_"]
    strings = "".join(f"<row><c t='inlineStr'><is><t>{n}</t></is></c><c t='inlineStr'><is><t>{text}</t></is></c></row>" for n, text in enumerate(["text", *rows]))  # fmt: skip
    sheet = f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>{strings}</sheetData></worksheet>"
    file = repacked(xlsx(["id", "text"]), sheet1=sheet.replace(">0<", ">id<", 1).encode())
    assert [row["text"] for row in cells(file)] == ["line\r\nbreak", "Abc", "_x0041_", "_x00ZZ_"]


def test_a_text_that_looks_like_an_escape_of_xlsx_is_written_and_read_as_itself() -> None:
    writer, said = WorkbookWriter("answers"), ["_x0041_", "_x005F_", "snake_x0041_case"]
    rows = [["id", "text"], *([str(n), one] for n, one in enumerate(said))]
    file = writer.begin() + b"".join(map(writer.row, rows)) + writer.end()
    assert [row["text"] for row in cells(file)] == said


def test_a_nul_that_xlsx_escapes_is_refused_by_its_cell() -> None:
    rows = "<row><c t='inlineStr'><is><t>id</t></is></c></row><row><c t='inlineStr'><is><t>a_x0000_b</t></is></c></row>"
    sheet = f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>{rows}</sheetData></worksheet>"
    with pytest.raises(Refused, match="row 1, column id: there is a NUL character"):
        cells(repacked(xlsx(["id"]), sheet1=sheet.encode()), ("id",))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_header_in_any_script(encoding: str) -> None:
    text = "id\ttext\n" + "1\t\u1230\u120b\u121d\u1230\u120b\u121d\u1230\u120b\u121d\n" * 200
    assert cells(text.encode(encoding))[0]["text"] == "\u1230\u120b\u121d" * 3


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_utf_32_is_read_by_its_mark(encoding: str) -> None:
    assert cells("\ufeffid,text\n1,Toi Market\n2,Caf\u00e9\n".encode(encoding)) == ROWS


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("word", ["Caf\u00e9", "\u1230\u120b\u121d", "it\u2019s"])
def test_two_encodings_in_one_file_are_refused_in_either_order(first: bool, word: str) -> None:  # noqa: FBT001
    western, utf8 = b"1,Caf\xe9 \xab D\xe9j\xe0 vu \xbb\n", f"2,{word}\n".encode()
    lines = (western, utf8) if first else (utf8, western)
    with pytest.raises(Refused, match=r"line [23]: this is not UTF-8 text"):
        cells(b"id,text\n" + b"".join(lines))
    far = b"".join(b"%d,filler\n" % n for n in range(20_000))
    with pytest.raises(Refused, match="this is not UTF-8 text"):
        cells(b"id,text\n" + lines[0] + far + lines[1])


def test_western_quotes_beside_capitals_are_no_second_encoding() -> None:
    text = "id;text\n1;\u00ab CAF\u00c9\u00bb, n\u00e9\u00a0\u00bb, \u201cC\u00d4T\u00c9\u201d\n"
    assert len(cells(text.encode("cp1252"))) == 1


def test_a_cell_that_is_wrapped_to_keep_its_zeros_is_read_without_the_wrapping() -> None:
    """Banks and shops write ="0071", so that a spreadsheet does not drop the zeros."""
    assert cells('id,text\n="0071",a\n"=""0072""",b\n=1+1,="x"&"y"\n') == [
        {"id": "0071", "text": "a"},
        {"id": "0072", "text": "b"},
        {"id": "=1+1", "text": '="x"&"y"'},
    ]


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
