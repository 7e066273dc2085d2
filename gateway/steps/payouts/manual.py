"""Manual payouts, made by a bank, a shop or a coordinator.

The waiting payouts are exported as a list, and confirmations are imported. A list can be exported
any number of times: its refs stay the same, and a confirmation counts once.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.errors import Conflict, Fault, Refused
from gateway.base.money import MINOR_DIGITS, decimal_mark, minor_per_major, read_amount
from gateway.base.tabular import CsvWriter, NumberCell, open_table, restored
from gateway.payments.payout import StatusAnswered
from gateway.payments.port import PaymentStatus, Status
from gateway.payments.providers.manual import Manual
from gateway.steps.payouts.disburse import happened
from gateway.steps.runtime import Runtime
from gateway.store.payouts import payouts
from gateway.store.payouts.payouts import Stored

LISTED = ("ref", "phone", "name", "amount", "currency", "since")
CONFIRMED = ("ref", "status", "receipt", "amount")
FAULTS_SHOWN = 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One row of a file of confirmations."""

    row: int
    stored: Stored
    paid: bool
    receipt: str


async def waiting_list(rt: Runtime, provider: str, *, raw: bool = False) -> str:
    """Return a CSV of every payout that waits to be made manually.

    It holds whole phone numbers: protect it like money.
    """
    _by_hand(rt, provider)
    writer = CsvWriter(raw=raw)
    lines = [writer.row(LISTED)]
    for stored in await payouts.open_of(rt.db, rt.vault, provider):
        p = stored.payout
        major = p.amount_minor / minor_per_major(p.currency)
        amount = f"{major:.{MINOR_DIGITS[p.currency]}f}"
        since = _day(p.first_sent_at)
        lines.append(writer.row([stored.ref, p.msisdn, stored.name, amount, p.currency, since]))
    return "".join(lines)


async def confirm(rt: Runtime, provider: str, source: str | bytes, by: str) -> tuple[int, int]:
    """Read confirmations (CSV with ref,status,receipt,amount), and take all of them or none.

    Return the numbers of paid and of failed payouts. Raises Refused naming row, field and rule. The
    same file again changes nothing.
    """
    _by_hand(rt, provider)
    if not by.strip():
        raise Refused("name the operator who confirms", field="by")
    confirmations = await _checked(rt, provider, source)
    paid = 0
    for said in confirmations:
        await _apply(rt, said, by)
        paid += said.paid
    return paid, len(confirmations) - paid


async def _apply(rt: Runtime, said: Confirmation, by: str) -> None:
    stored = said.stored
    for _ in range(_TRIES):
        payout = stored.payout
        status = Status(
            PaymentStatus.PAID if said.paid else PaymentStatus.FAILED,
            payout.key,
            receipt=said.receipt or None,
            amount_minor=payout.amount_minor,
            code="" if said.paid else "not paid by hand",
            text=f"confirmed by {by}",
            table="manual",
        )
        try:
            await happened(
                rt, stored, StatusAnswered(status), note=f"confirmed by {by}: {said.receipt}"
            )
        except Conflict:
            stored = await payouts.by_id(rt.db, rt.vault, payout.id)
            continue
        return
    raise Conflict(f"payout {stored.ref} keeps changing")


async def _checked(rt: Runtime, provider: str, source: str | bytes) -> list[Confirmation]:
    table = open_table(source, CONFIRMED)
    table.need(CONFIRMED, f"the header must have {', '.join(CONFIRMED)}")
    rows = list(table.rows())
    good: list[Confirmation] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    receipts: dict[str, int] = {}
    marks: dict[str, str | None] = {}
    for cells in rows:
        row, told = cells.number, {name: restored(cells.cell(name)) for name in CONFIRMED}
        typed = isinstance(cells.cell("amount"), NumberCell)
        try:
            stored = await _payout(rt, provider, told)
            currency = stored.payout.currency
            if currency not in marks:
                texts = [
                    r.cell("amount") for r in rows if not isinstance(r.cell("amount"), NumberCell)
                ]
                marks[currency] = decimal_mark(texts, currency)
            said = _row(row, stored, told, "." if typed else marks[currency])
            _once(seen, told["ref"], row, "ref")
            if said.receipt:
                _once(receipts, said.receipt, row, "receipt")
        except Refused as bad:
            field = bad.faults[0].field if bad.faults else None
            faults.append(Fault(f"row {row}: {bad}", field, row))
        else:
            good.append(said)
    if faults:
        shown = "; ".join(f.message for f in faults[:FAULTS_SHOWN])
        raise Refused(
            f"nothing was taken, {len(faults)} rows are wrong: {shown}", faults=tuple(faults)
        )
    return good


def _once(seen: dict[str, int], value: str, row: int, field: str) -> None:
    if value in seen:
        raise Refused(f"{field} {value} stands in row {seen[value]} already", field=field)
    seen[value] = row


async def _payout(rt: Runtime, provider: str, told: dict[str, str]) -> Stored:
    stored = await payouts.by_ref(rt.db, rt.vault, told["ref"].upper())
    if stored is None or stored.payout.provider != provider:
        raise Refused(f"no payout {told['ref']!r} of {provider}", field="ref")
    return stored


def _row(row: int, stored: Stored, told: dict[str, str], mark: str | None) -> Confirmation:
    if told["status"].lower() not in ("paid", "failed"):
        raise Refused("status is paid or failed", field="status")
    paid = told["status"].lower() == "paid"
    if paid and not told["receipt"]:
        raise Refused("a paid row needs its receipt", field="receipt")
    if read_amount(told["amount"], stored.payout.currency, mark) != stored.payout.amount_minor:
        raise Refused(f"the amount of {stored.ref} is another", field="amount")
    return Confirmation(row, stored, paid, told["receipt"])


def _by_hand(rt: Runtime, provider: str) -> None:
    if not isinstance(rt.providers.get(provider), Manual):
        by_hand = sorted(name for name, p in rt.providers.items() if isinstance(p, Manual))
        there = ", ".join(by_hand) or "none: add one with kind = 'manual'"
        raise Refused(
            f"{provider!r} is not a provider of manual payouts; there is: {there}", field="provider"
        )


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""
