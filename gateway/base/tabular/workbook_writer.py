"""The writer of XLSX files, row by row, with bounded memory.

ECMA-376, Part 1: a workbook is a ZIP archive of a few XML files. A cell with text is an inline
string, so a spreadsheet executes none as a formula, and ids keep their leading zeros.
"""

import re
import zipfile
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from gateway.base.errors import Refused
from gateway.base.tabular.workbook import ROWS_MAX, escaped
from gateway.base.tabular.writer import spreadsheet_cell

CELL_CHARACTERS_MAX: Final = 32_767
"""The most characters of a cell. A spreadsheet calls a file with more of them damaged."""
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TYPES: Final = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
)
_RELATIONS: Final = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/{{kind}}" Target="{{target}}"/></Relationships>'
)
_BOOK: Final = (
    f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_SHEET: Final = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
_END: Final = "</sheetData></worksheet>"
# XML 1.0 has no form for these characters.
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WRITTEN_AT_ONCE: Final = 1 << 16


class WorkbookWriter:
    """The one writer of XLSX. Its methods return the bytes that follow in the file."""

    def __init__(self, sheet: str, *, raw: bool = False) -> None:
        self._name, self._raw = sheet, raw
        self._made = _Made()
        self._archive = zipfile.ZipFile(self._made, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._waiting = list[str]()
        self._size = self._rows = 0

    def begin(self) -> bytes:
        """Return the beginning of the file."""
        whole = _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml")
        sheet = _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml")
        self._archive.writestr("[Content_Types].xml", _TYPES)
        self._archive.writestr("_rels/.rels", whole)
        self._archive.writestr("xl/workbook.xml", _BOOK.format(name=escape(self._name)))
        self._archive.writestr("xl/_rels/workbook.xml.rels", sheet)
        self._sheet = self._archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        self._sheet.write(_SHEET.encode())
        return self._made.taken()

    def row(self, cells: Sequence[object]) -> bytes:
        """Return the bytes of a row, which may be none, since rows are compressed together.

        Raises Refused for a row that the sheet cannot hold.
        """
        self._rows += 1
        if self._rows > ROWS_MAX:
            raise Refused(f"a sheet holds at most {ROWS_MAX:,} rows: export CSV or JSON lines")
        line = f"<row>{''.join([self._cell(one) for one in cells])}</row>"
        self._waiting.append(line)
        self._size += len(line)
        if self._size < _WRITTEN_AT_ONCE:
            return b""
        return self._compressed()

    def end(self) -> bytes:
        """Return the end of the file."""
        made = self._compressed()
        self._sheet.write(_END.encode())
        self._sheet.close()
        self._archive.close()
        return made + self._made.taken()

    def _compressed(self) -> bytes:
        self._sheet.write("".join(self._waiting).encode())
        self._waiting.clear()
        self._size = 0
        return self._made.taken()

    def _cell(self, value: object) -> str:
        if value is None or value == "":
            return "<c/>"
        if isinstance(value, bool):
            return f'<c t="b"><v>{int(value)}</v></c>'
        if isinstance(value, int | float):
            return f"<c><v>{value!r}</v></c>"
        # An apostrophe protects the cell also where the sheet is saved as CSV and opened again.
        text = str(value) if self._raw else spreadsheet_cell(str(value))
        if len(text) > CELL_CHARACTERS_MAX:
            raise Refused(
                f"a cell holds at most {CELL_CHARACTERS_MAX:,} characters: export CSV or JSON lines"
            )
        if not text.isalnum():
            text = escape(escaped(_NOT_IN_XML.sub("\ufffd", text)))
        return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


class _Made:
    """A file that cannot be rewound and hands out what was written since it was last asked."""

    def __init__(self) -> None:
        self._parts = list[bytes]()

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: every byte is handed out."""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def taken(self) -> bytes:
        made = b"".join(self._parts)
        self._parts.clear()
        return made
