"""The statement of the utility account as the M-PESA organisation portal exports it: CSV, shillings, Nairobi's time."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone

from gateway.errors import Refused
from gateway.payments.reconcile import Line, LineKind
from gateway.payments.wire import as_minor

_NAIROBI = timezone(timedelta(hours=3))
_NEEDED = ("Receipt No.", "Completion Time", "Details", "Paid In", "Withdrawn")
_NUMBER = re.compile(r"\s*\+?([\d*xX]{9,15})\s*-")
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def read_statement(text: str) -> list[Line]:
    """The completed lines. The export has lines about the organisation above its header."""
    rows = text.lstrip("\ufeff").splitlines()
    start = next((n for n, row in enumerate(rows) if "Receipt No." in row), None)
    if start is None:
        raise Refused("this is no M-PESA statement: no column 'Receipt No.'")
    reader = csv.DictReader(io.StringIO("\n".join(rows[start:])))
    missing = sorted(set(_NEEDED) - set(reader.fieldnames or ()))
    if missing:
        raise Refused(f"this is no M-PESA statement: no column {missing[0]!r}")
    done = [
        (_time(row["Completion Time"], start + n), _line(row, start + n))
        for n, row in enumerate(reader, 2)
        if (row.get("Transaction Status") or "Completed").strip() == "Completed"
    ]
    if (
        done and done[0][0] > done[-1][0]
    ):  # some exports begin with the newest: balances follow from the oldest on
        done.reverse()
    return [line for _, line in done]


def _line(row: dict[str, str], n: int) -> Line:
    details = (row["Details"] or "").casefold()
    paid_in, withdrawn = _amount(row["Paid In"], n), _amount(row["Withdrawn"], n)
    if not (paid_in or withdrawn):
        raise Refused(f"row {n}: no amount", row=n)
    if paid_in:
        kind = LineKind.REVERSAL if "revers" in details else LineKind.TOP_UP
    else:
        sent = LineKind.PAYMENT if "customer" in details else LineKind.WITHDRAWAL
        kind = LineKind.FEE if "charge" in details else sent
    party = _NUMBER.match(row.get("Other Party Info") or "")
    # Our key goes out as the payment's occasion; some exports show that among the details or in a column of its own.
    key = _KEY.search(" ".join(str(cell) for cell in row.values()))
    balance = (row.get("Balance") or "").strip()
    completed = _time(row["Completion Time"], n)
    began = (row.get("Initiation Time") or "").strip()
    return Line(
        kind,
        (row["Receipt No."] or "").strip(),
        paid_in or withdrawn,
        # When it began is what our own "sent" can be compared with: a slow payment completes hours later.
        at=_time(began, n) if began else completed,
        number=party[1].casefold().replace("x", "*") if party else "",
        key=key[0] if key else "",
        of=(row.get("Linked Transaction ID") or "").strip(),
        balance_minor=_amount(balance, n) if balance else None,
    )


def _amount(text: str | None, n: int) -> int:
    plain = (text or "").replace(",", "").strip().removeprefix("-")
    if not plain:
        return 0
    minor = as_minor(plain, "KES")
    if minor is None:
        raise Refused(f"row {n}: {text!r} is no amount", row=n)
    return minor


def _time(text: str | None, n: int) -> datetime:
    for form in ("%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S"):
        try:
            return (
                datetime.strptime((text or "").strip(), form)
                .replace(tzinfo=_NAIROBI)
                .astimezone(UTC)
            )
        except ValueError:
            continue
    raise Refused(f"row {n}: {text!r} is no time", row=n)
