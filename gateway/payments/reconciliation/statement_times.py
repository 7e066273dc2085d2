"""The times of a statement, read with the one order of day and month that its columns prove."""

from collections.abc import Sequence
from datetime import datetime

from gateway.base.errors import Refused
from gateway.base.forms import dates
from gateway.base.tabular import Table, TableRow


class TimeReader:
    """The reader of the times of a file.

    `form` is the form of the times as strptime reads it, where the settings give one. `day_first`
    is the order of day and month that the provider is known to use. It counts where the file proves
    none.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        zone: str,
        form: str = "",
        *,
        day_first: bool | None = None,
    ) -> None:
        written = (row.cell(column) for row in table.rows() for column in columns)
        proven = None if form else dates.day_order(written)
        self._zone, self._form = zone, form
        self._day_first = day_first if proven is None else proven

    def of(self, row: TableRow, column: str) -> datetime:
        """Return the time in a cell, in UTC.

        Raises Refused with the row and the column.
        """
        text = row.cell(column)
        # A cell that a spreadsheet stored as a date is always ISO 8601, whatever the settings say.
        found = self._as_told(text) or dates.stamp(text, self._zone, day_first=self._day_first)
        if found is None:
            raise Refused(
                f"row {row.line}, column {column}: {self._fault(text)}", field=column, row=row.line
            )
        return found.at

    def _as_told(self, text: str) -> dates.ProviderTime | None:
        if not self._form:
            return None
        try:
            at = datetime.strptime(text, self._form)  # noqa: DTZ007  # the zone follows
        except ValueError:
            return None
        return dates.stamp(at.isoformat(), self._zone)

    def _fault(self, text: str) -> str:
        if dates.stamp(text, self._zone, day_first=True):
            return f"{text!r} may have the day or the month first, and no row tells: set `time` in statement_columns"
        return f"{text!r} is not a time"
