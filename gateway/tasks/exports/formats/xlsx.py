"""XLSX: a workbook with one sheet. Texts are text cells, so ids keep their leading zeros."""

from typing import Final

from gateway.base.tabular import WorkbookWriter
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.exports.table_form import TableForm

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUFFIX: Final = ".xlsx"
CONTENTS: Final = frozenset(Content)
WHOLE_TASKS: Final = False


class _Workbook:
    def __init__(self, batch: ExportedBatch, *, raw: bool) -> None:
        self._form = TableForm.of(batch)
        self._writer = WorkbookWriter(batch.content.value, raw=raw)

    def header(self) -> bytes:
        return self._writer.begin() + self._writer.row(self._form.header())

    def row(self, row: ExportRow) -> bytes:
        return self._writer.row(self._form.cells(row.told))

    def end(self) -> bytes:
        return self._writer.end()


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Workbook:
    """Return a writer of a workbook."""
    return _Workbook(batch, raw=raw)
