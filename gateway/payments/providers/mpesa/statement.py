"""The reader of the utility account's statement from the M-PESA organisation portal.

The export is CSV, with amounts in shillings and times in Nairobi's time zone.
"""

import re

from gateway.base.errors import Refused
from gateway.base.tabular import Source, TableRow, open_table
from gateway.base.text.characters import plain
from gateway.payments.reconciliation.reconcile import LineKind, StatementLine
from gateway.payments.reconciliation.statement_amounts import Amounts
from gateway.payments.reconciliation.statement_times import TimeReader

_NAIROBI = "Africa/Nairobi"
_NEEDED = ("Receipt No.", "Completion Time", "Details", "Paid In", "Withdrawn")
_NUMBER = re.compile(r"\s*\+?([\d*xX]{9,15})\s*-")
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def read_statement(source: Source) -> list[StatementLine]:
    """Return the completed lines.

    The export has lines about the organisation above its header.
    """
    table = open_table(source, ("Receipt No.",), preamble=True)
    table.need(_NEEDED, "this is not an M-PESA statement")
    amounts = Amounts(table, ("Paid In", "Withdrawn", "Balance"), "KES")
    times = TimeReader(table, ("Completion Time",), _NAIROBI, day_first=True)
    done = [
        (times.of(row, "Completion Time"), _line(row, amounts, times))
        for row in table.rows()
        if (row.cell("Transaction Status") or "Completed").casefold() == "completed"
    ]
    # Some exports begin with the newest line, but balances follow from the oldest line on.
    if done and done[0][0] > done[-1][0]:
        done.reverse()
    return [line for _, line in done]


def _line(row: TableRow, amounts: Amounts, times: TimeReader) -> StatementLine:
    details = row.cell("Details").casefold()
    paid_in = abs(amounts.of(row, "Paid In") or 0)
    withdrawn = abs(amounts.of(row, "Withdrawn") or 0)
    if not (paid_in or withdrawn):
        raise Refused(f"row {row.line}: no amount", row=row.line)
    if paid_in:
        kind = LineKind.REVERSAL if "revers" in details else LineKind.TOP_UP
    else:
        sent = LineKind.PAYMENT if "customer" in details else LineKind.WITHDRAWAL
        kind = LineKind.FEE if "charge" in details else sent
    party = _NUMBER.match(plain(row.cell("Other Party Info")))
    # The payout's key goes out as the payment's occasion. Some exports show it among the details or
    # in a column of its own.
    key = _KEY.search(" ".join(row.cells.values()))
    began = "Initiation Time" if row.cell("Initiation Time") else "Completion Time"
    return StatementLine(
        kind,
        row.cell("Receipt No."),
        paid_in or withdrawn,
        # The initiation time is comparable with the gateway's own time of sending, because a slow
        # payment completes hours later.
        at=times.of(row, began),
        number=party[1].casefold().replace("x", "*") if party else "",
        key=key[0] if key else "",
        of=row.cell("Linked Transaction ID"),
        balance_minor=amounts.of(row, "Balance"),
    )
