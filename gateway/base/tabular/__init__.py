"""Tables in files: the one reader of CSV and XLSX files, and the one writer of each.

`open_table` reads the files that spreadsheets write: commas, semicolons or tabs, a `sep=` line,
headers in any case, UTF-8, UTF-16 or Windows-1252, empty trailing columns and rows, and XLSX. Rows
are streamed. `CsvWriter` and `WorkbookWriter` write cells that no spreadsheet executes.
"""

from gateway.base.tabular.lines import json_lines, json_list, json_value
from gateway.base.tabular.table import Table, TableRow, column_key, open_table, refuse_packed
from gateway.base.tabular.text import Source, decoded_text, encoding_of
from gateway.base.tabular.workbook import NumberCell
from gateway.base.tabular.workbook_writer import WorkbookWriter
from gateway.base.tabular.writer import CsvWriter, restored, spreadsheet_cell

__all__ = [
    "CsvWriter",
    "NumberCell",
    "Source",
    "Table",
    "TableRow",
    "WorkbookWriter",
    "column_key",
    "decoded_text",
    "encoding_of",
    "json_lines",
    "json_list",
    "json_value",
    "open_table",
    "refuse_packed",
    "restored",
    "spreadsheet_cell",
]
