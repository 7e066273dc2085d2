"""Operators' statements that are one CSV row per movement, signed amounts, with a header that names the columns."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import Refused
from gateway.payments.reconcile import Line, LineKind
from gateway.payments.wire import as_minor

_DIGITS = re.compile(r"\d{2,15}")


@dataclass(frozen=True, slots=True)
class Columns:
    """What an operator calls its columns; `done` and `payment` are values of `status` and `kind`."""

    receipt: str
    key: str
    at: str
    status: str
    done: str
    kind: str
    payment: str
    number: str
    amount: str
    fee: str
    balance: str


def lines(text: str, named: Columns, currency: str) -> list[Line]:
    """The completed movements; raises Refused naming the row that cannot be read."""
    delimiter = ";" if text[:2000].count(";") > text[:2000].count(",") else ","
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    missing = sorted({named.receipt, named.at, named.amount} - set(reader.fieldnames or ()))
    if missing:
        raise Refused(f"this is no statement of this operator: no column {missing[0]!r}")
    found: list[Line] = []
    for n, row in enumerate(reader, 2):
        if (row.get(named.status) or named.done).strip().casefold() == named.done.casefold():
            found += _row(row, named, currency, n)
    return found


def _row(row: Mapping[str, str], named: Columns, currency: str, n: int) -> list[Line]:
    amount_minor, leaves = _amount(row.get(named.amount), currency, n)
    is_payment = (row.get(named.kind) or "").strip().casefold() == named.payment.casefold()
    if is_payment and leaves:
        kind = LineKind.PAYMENT
    else:
        kind = (
            LineKind.WITHDRAWAL if leaves else LineKind.REVERSAL if is_payment else LineKind.TOP_UP
        )
    receipt = (row.get(named.receipt) or "").strip()
    number = _DIGITS.search(row.get(named.number) or "")
    balance = (row.get(named.balance) or "").strip()
    at = _time(row.get(named.at), n)
    fee_minor, _ = (
        _amount(row.get(named.fee), currency, n)
        if (row.get(named.fee) or "").strip()
        else (0, True)
    )
    after_minor = _amount(balance, currency, n)[0] if balance else None
    fee = (
        [Line(LineKind.FEE, receipt, fee_minor, at, balance_minor=after_minor)] if fee_minor else []
    )
    before_fee = after_minor + fee_minor if after_minor is not None else None
    line = Line(
        kind,
        receipt,
        amount_minor,
        at,
        number[0] if number and kind is LineKind.PAYMENT else "",
        (row.get(named.key) or "").strip(),
        balance_minor=before_fee,
    )
    return [line, *fee]


def _amount(text: str | None, currency: str, n: int) -> tuple[int, bool]:
    """The amount, and whether it leaves the account."""
    plain = (text or "").replace(",", "").strip()
    minor = as_minor(plain.removeprefix("-"), currency)
    if minor is None:
        raise Refused(f"row {n}: {text!r} is no amount", row=n)
    return minor, plain.startswith("-")


def _time(text: str | None, n: int) -> datetime:
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError as bad:
        raise Refused(f"row {n}: {text!r} is no time", row=n) from bad
    return at if at.tzinfo else at.replace(tzinfo=UTC)
