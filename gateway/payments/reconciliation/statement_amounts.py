"""The amounts of a statement, read with the one decimal mark that its columns prove."""

from collections.abc import Sequence

from gateway.base.errors import Refused
from gateway.base.money import MINOR_DIGITS, decimal_mark, read_amount
from gateway.base.tabular import NumberCell, Table, TableRow


class Amounts:
    """The reader of some columns of one table. It refuses a table with two decimal marks.

    Without a proof, a currency that has no minor units makes semicolons one: 5.000 is then 5,000.
    """

    def __init__(self, table: Table, columns: Sequence[str], currency: str) -> None:
        self._currency = currency
        names = [name for name in columns if name and table.has(name)]
        texts = (row.cell(name) for row in table.rows() for name in names)
        written = (text for text in texts if text and not isinstance(text, NumberCell))
        self._mark = decimal_mark(written, currency)
        if self._mark is None and table.is_decimal_comma_likely and MINOR_DIGITS.get(currency) == 0:
            self._mark = ","

    def of(self, row: TableRow, column: str) -> int | None:
        """Return the signed amount in a cell, or None where it is empty.

        Raises Refused with the row, the column and the possible readings.
        """
        text = row.cell(column) if column else ""
        if not text:
            return None
        try:
            mark = "." if isinstance(text, NumberCell) else self._mark
            return read_amount(text, self._currency, mark)
        except Refused as bad:
            raise Refused(
                f"row {row.line}, column {column}: {bad}", field=column, row=row.line
            ) from bad
