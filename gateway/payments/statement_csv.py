"""Operators' statements that are one CSV row per movement, signed amounts, with a header that names the columns."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import field_validator

from gateway.errors import Refused
from gateway.options import Options
from gateway.payments.reconcile import Line, LineKind
from gateway.payments.wire import as_minor

_DIGITS = re.compile(r"[\d*]{2,15}")


class Columns(Options):
    """What an operator calls its columns; "" for one that it has not. Nothing but receipt, time and amount must be there.

    `done` and `payment` are values of `status` and `kind`. `reversal`: the kind of what came back, where that has one of
    its own, and `of` the column with the receipt it takes back. `signed`: what leaves has a minus; else what is of the kinds
    `payment` and `leaves` leaves, and all else comes. `time`: as strptime reads it, "" for ISO 8601; `zone`: of times that
    name none.
    """

    receipt: str
    at: str
    amount: str
    key: str = ""
    status: str = ""
    done: str = ""
    kind: str = ""
    payment: str = ""
    reversal: str = ""
    leaves: tuple[str, ...] = ()
    of: str = ""
    number: str = ""
    fee: str = ""
    balance: str = ""
    signed: bool = True
    newest_first: bool = False
    time: str = ""
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as bad:
            raise ValueError(f"{value!r} is no time zone, like Africa/Nairobi") from bad
        return value


def lines(text: str, named: Columns | None, currency: str) -> list[Line]:
    """The completed movements; raises Refused naming the row that cannot be read."""
    if named is None:
        raise Refused(
            "this operator's statement is documented nowhere: name its columns in the option statement_columns"
        )
    delimiter = ";" if text[:2000].count(";") > text[:2000].count(",") else ","
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    missing = sorted({named.receipt, named.at, named.amount} - set(reader.fieldnames or ()))
    if missing:
        raise Refused(f"this is no statement of this operator: no column {missing[0]!r}")
    found: list[list[Line]] = []
    for n, row in enumerate(reader, 2):
        if not named.status or _cell(row, named.status).casefold() == named.done.casefold():
            found.append(_row(row, named, currency, n))
    if named.newest_first:
        found.reverse()
    return [line for lines in found for line in lines]


def _row(row: Mapping[str, str], named: Columns, currency: str, n: int) -> list[Line]:
    amount_minor, minus = _amount(_cell(row, named.amount), currency, n)
    kind = _kind(_cell(row, named.kind).casefold(), named, minus=minus)
    receipt, at = _cell(row, named.receipt), _time(_cell(row, named.at), named, n)
    number = _DIGITS.search(_cell(row, named.number).replace("x", "*").replace("X", "*"))
    fee, balance = _cell(row, named.fee), _cell(row, named.balance)
    fee_minor = _amount(fee, currency, n)[0] if fee else 0
    after_minor = _amount(balance, currency, n)[0] if balance else None
    charged = [Line(LineKind.FEE, receipt, fee_minor, at, balance_minor=after_minor)]
    before_fee = after_minor + fee_minor if after_minor is not None else None
    line = Line(
        kind,
        receipt,
        amount_minor,
        at,
        number[0] if number and kind is LineKind.PAYMENT else "",
        _cell(row, named.key),
        of=_cell(row, named.of),
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


def _cell(row: Mapping[str, str], column: str) -> str:
    return (row.get(column) or "").strip() if column else ""


def _amount(text: str, currency: str, n: int) -> tuple[int, bool]:
    """The amount, and whether there is a minus before it. A currency may stand beside it."""
    plain = text.replace(",", "").replace(currency, "").strip()
    minor = as_minor(plain.lstrip("+-").strip(), currency)
    if minor is None:
        raise Refused(f"row {n}: {text!r} is no amount", row=n)
    return minor, plain.startswith("-")


def _time(text: str, named: Columns, n: int) -> datetime:
    try:
        at = datetime.strptime(text, named.time) if named.time else datetime.fromisoformat(text)  # noqa: DTZ007  # the zone follows
    except ValueError as bad:
        raise Refused(f"row {n}: {text!r} is no time", row=n) from bad
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(named.zone))
