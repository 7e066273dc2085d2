"""CSV: one line per row, with cells that no spreadsheet executes unless `raw` is asked for."""

from typing import Final

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.exports.table_form import TableForm

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
SUFFIX: Final = ".csv"
CONTENTS: Final = frozenset(Content)
WHOLE_TASKS: Final = False


class _Csv:
    def __init__(self, batch: ExportedBatch, *, raw: bool) -> None:
        self._form = TableForm.of(batch)
        self._writer = CsvWriter(raw=raw)

    def header(self) -> bytes:
        return self._writer.row(self._form.header()).encode()

    def row(self, row: ExportRow) -> bytes:
        return self._writer.row(self._form.cells(row.told)).encode()

    def end(self) -> bytes:
        return b""


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Csv:
    """Return a writer of CSV."""
    return _Csv(batch, raw=raw)
