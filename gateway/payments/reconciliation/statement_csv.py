"""The reader of statements in CSV: one row per movement, and a header that names the columns."""

import re
from zoneinfo import ZoneInfo

from pydantic import field_validator

from gateway.base.errors import Refused
from gateway.base.options import Options
from gateway.base.tabular import Source, TableRow, open_table
from gateway.base.text.characters import plain
from gateway.payments.reconciliation.reconcile import LineKind, StatementLine
from gateway.payments.reconciliation.statement_amounts import Amounts
from gateway.payments.reconciliation.statement_times import TimeReader

_DIGITS = re.compile(r"[\d*]{2,15}")


class Columns(Options):
    """The names of a provider's columns, with "" for a column that is missing.

    Only receipt, time and amount must be there.
    """

    receipt: str
    """The column with the provider's receipt."""
    at: str
    """The column with the time."""
    amount: str
    """The column with the amount."""
    key: str = ""
    """The column with the payout's key."""
    status: str = ""
    """The column with the status of a movement."""
    done: str = ""
    """The value of `status` for a completed movement."""
    kind: str = ""
    """The column with the kind of a movement."""
    payment: str = ""
    """The value of `kind` for a payment."""
    reversal: str = ""
    """The value of `kind` for money that came back, where it has a kind of its own."""
    leaves: tuple[str, ...] = ()
    """The values of `kind` for other money that leaves, where amounts have no sign."""
    of: str = ""
    """The column with the receipt of the payment that a reversal takes back."""
    number: str = ""
    """The column with the phone number."""
    fee: str = ""
    """The column with the provider's charge."""
    balance: str = ""
    """The column with the balance after the movement."""
    signed: bool = True
    """True when money that leaves has a minus.

    Otherwise the kinds `payment` and `leaves` leave, and all other kinds come in.
    """
    newest_first: bool = False
    """True when the file begins with the newest movement."""
    time: str = ""
    """The form of the times as strptime reads it, and "" for any usual form."""
    zone: str = "UTC"
    """The time zone of times that name none."""

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as bad:
            raise ValueError(
                f"{value!r} is not a time zone; write a name such as Africa/Nairobi"
            ) from bad
        return value


def lines(source: Source, named: Columns | None, currency: str) -> list[StatementLine]:
    """Return the completed movements of a statement.

    Raises Refused with the row that cannot be read.
    """
    if named is None:
        raise Refused(
            "the columns of this provider's statement are not known: name them in the option statement_columns"
        )
    needed = (named.receipt, named.at, named.amount)
    table = open_table(source, needed, preamble=True)
    table.need(needed, "this is not a statement of this provider")
    amounts = Amounts(table, (named.amount, named.fee, named.balance), currency)
    read = TimeReader(table, (named.at,), named.zone, named.time)
    found = [
        _row(row, named, amounts, read)
        for row in table.rows()
        if not named.status or row.cell(named.status).casefold() == named.done.casefold()
    ]
    if named.newest_first:
        found.reverse()
    return [line for lines in found for line in lines]


def _row(row: TableRow, named: Columns, amounts: Amounts, times: TimeReader) -> list[StatementLine]:
    signed_minor = amounts.of(row, named.amount)
    if signed_minor is None:
        raise Refused(
            f"row {row.line}, column {named.amount}: there is no amount",
            field=named.amount,
            row=row.line,
        )
    kind = _kind(row.cell(named.kind).casefold(), named, minus=signed_minor < 0)
    receipt, at = row.cell(named.receipt), times.of(row, named.at)
    shown = plain(row.cell(named.number)).replace("x", "*").replace("X", "*")
    number = _DIGITS.search(shown)
    fee_minor = abs(amounts.of(row, named.fee) or 0)
    balance_minor = amounts.of(row, named.balance)
    charged = [StatementLine(LineKind.FEE, receipt, fee_minor, at, balance_minor=balance_minor)]
    before_fee = balance_minor + fee_minor if balance_minor is not None else None
    line = StatementLine(
        kind,
        receipt,
        abs(signed_minor),
        at,
        number[0] if number and kind is LineKind.PAYMENT else "",
        row.cell(named.key),
        of=row.cell(named.of),
        balance_minor=before_fee,
    )
    return [line, *(charged if fee_minor else [])]


def _kind(said: str, named: Columns, *, minus: bool) -> LineKind:
    is_payment = not named.kind or said == named.payment.casefold()
    is_reversal = bool(named.reversal) and said == named.reversal.casefold()
    out = {one.casefold() for one in named.leaves}
    leaves = minus if named.signed else said in out or (is_payment and not is_reversal)
    if leaves:
        return LineKind.PAYMENT if is_payment else LineKind.WITHDRAWAL
    return LineKind.REVERSAL if is_reversal or is_payment else LineKind.TOP_UP
