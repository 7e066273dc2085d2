"""The judge compares the gateway's tables with the operators' books.

It does so after the last payout has come to rest.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.ledger import transfers

if TYPE_CHECKING:
    from .episode import Episode


@dataclass
class Verdict:
    """Counts over an episode; `faults` tells the first differences in words."""

    payouts: int = 0
    attempts: int = 0
    """Payout rows: requests and the replacements of those refused for our fault."""
    doubles: int = 0
    lost: int = 0
    conservation_breaks: int = 0
    paid: int = 0
    failed: int = 0
    late_paid: int = 0
    replaced: int = 0
    resent: int = 0
    transfers: int = 0
    conflicts: int = 0
    by_statement: int = 0
    """Found by the operator's statement only: called failed, paid later, and the callback lost."""
    for_people: int = 0
    """Such payments that are alike several payouts: in suspense, operators paged, the provider
    stopped until they explain it.
    """
    seconds: float = 0.0
    virtual_hours: float = 0.0
    struck: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.doubles or self.lost or self.conservation_breaks or self.faults)

    def plus(self, other: Verdict) -> None:
        for name, value in asdict(other).items():
            if name == "struck":
                for fault, n in value.items():
                    self.struck[fault] = self.struck.get(fault, 0) + n
            elif name == "faults":
                self.faults += value
            else:
                setattr(self, name, getattr(self, name) + value)


async def judge(e: Episode, seconds: float) -> Verdict:
    db = e.rt.db
    v = Verdict(
        payouts=e.asked, seconds=seconds, conflicts=e.conflicts, struck=dict(e.world.counts)
    )
    rows = await db.rows(
        """select id, key, provider, state, amount, receipt, tries, replaces, worker_id, tax_amounts, fee from payout"""
    )
    v.attempts = len(rows)
    v.replaced = sum(row["replaces"] is not None for row in rows)
    v.resent = sum(max(row["tries"] - 1, 0) for row in rows)
    if e.asked != e.payouts:
        v.faults.append(f"{e.payouts} were wanted, {e.asked} asked for")
    books = {o.name: o.paid() for o in e.operators.values()}
    liars = e.operators["daraja"].lies
    _keys(v, rows, books, e.for_people)
    _requests(v, rows, liars)
    await _sums(v, e, books)
    await _suspense(v, e, books)
    await _workers(v, e, rows)
    await _told(v, e)
    v.virtual_hours = round(e.hours, 1)
    v.by_statement = e.by_statement
    v.faults += [f"the statement shows {one}" for one in e.strange]
    del v.faults[20:]
    return v


def _keys(v: Verdict, rows, books, for_people: set[str]) -> None:
    """Each key: executed once at most, and as our row says."""
    known = set()
    for row in rows:
        known.add(row["key"])
        times, minor, receipt = books[row["provider"]].get(row["key"], (0, 0, ""))
        state = row["state"]
        v.paid += state == "paid"
        v.late_paid += state == "late_paid"
        v.failed += state in ("failed", "cancelled")
        if times > 1:
            v.doubles += 1
        if state in ("paid", "late_paid"):
            if (times, minor, receipt) != (1, row["amount"], row["receipt"]):
                v.lost += 1  # she was told that it was paid
                v.faults.append(f"{row['id']} is {state}, the operator says {times} times {minor}")
        elif state in ("failed", "cancelled"):
            if times and receipt in for_people:
                v.for_people += 1
            elif times:
                v.lost += 1  # it left, and our books do not know
                v.faults.append(f"{row['id']} is {state}, the operator paid {minor}")
        else:
            v.lost += 1
            v.faults.append(f"{row['id']} never came to rest: {state}")
    for provider, paid in books.items():
        strange = set(paid) - known
        if strange:
            v.doubles += len(strange)
            v.faults.append(f"{provider} paid keys we do not have: {sorted(strange)[:3]}")


def _requests(v: Verdict, rows, liars) -> None:
    """Each request of a worker, with the payouts that stood in for it: paid once at most."""
    before = {row["id"]: row["replaces"] for row in rows}
    times: dict[object, int] = {}
    for row in rows:
        if row["state"] in ("paid", "late_paid") and row["key"] not in liars:
            first = row["id"]
            while before[first]:
                first = before[first]
            times[first] = times.get(first, 0) + 1
    v.doubles += sum(n - 1 for n in times.values())


async def _sums(v: Verdict, e: Episode, books) -> None:
    audit = await transfers.audit(e.rt.db)
    v.transfers = audit.transfers
    v.conservation_breaks += len(audit.faults)
    v.faults += audit.faults
    if audit.in_transit_minor:
        v.conservation_breaks += 1
        v.faults.append(f"{audit.in_transit_minor} still in transit")
    for operator in e.operators.values():
        left = await e.rt.db.value(
            """select coalesce(sum(case when t.credit = a.id then t.amount else -t.amount end), 0)::bigint
               from account a join transfer t on a.id in (t.debit, t.credit)
               where a.kind = 'provider_float' and a.owner = $1 and t.code not in (20, 25)  -- moved by people""",
            operator.name,
        )
        paid_minor = sum(minor for _, minor, _ in books[operator.name].values())
        theirs = paid_minor + operator.fees_minor()
        if left != theirs:
            v.conservation_breaks += 1
            v.faults.append(
                f"{operator.name}: our float fell by {left}, the operator took {theirs}"
            )


async def _suspense(v: Verdict, e: Episode, books) -> None:
    """Check the payments that left and fit several payouts, or none.

    They are in suspense to the last cent, and the provider stopped for operators.
    """
    waits = await e.rt.db.value(
        """select coalesce(sum(case when t.debit = a.id then t.amount else -t.amount end), 0)::bigint
           from account a join transfer t on a.id in (t.debit, t.credit) where a.kind = 'suspense'"""
    )
    told = await e.rt.db.value(
        """select count(*) from discrepancy where kind = 'missing_here' and receipt = any($1) and stops
             and explained_at is null""",
        list(e.for_people),
    )
    theirs = sum(
        minor for book in books.values() for _, minor, receipt in book.values() if receipt in e.for_people
    )  # fmt: skip
    if waits != theirs or told != len(e.for_people):
        v.conservation_breaks += 1
        v.faults.append(
            f"{waits} in suspense, {theirs} left unexplained; {told} of {len(e.for_people)} told"
        )


async def _workers(v: Verdict, e: Episode, rows) -> None:
    """Each worker: earned = paid out + what she still has - what she got beyond it."""
    paid: dict[int, int] = {}
    for row in rows:
        if row["state"] in ("paid", "late_paid"):
            # A fee that went back with a failure is not taken again where the operator paid after
            # all.
            fee = row["fee"] if row["state"] == "paid" else 0
            taken = row["amount"] + sum(row["tax_amounts"]) + fee
            paid[row["worker_id"]] = paid.get(row["worker_id"], 0) + taken
    sums = await e.rt.db.rows(
        """select w.id, a.balance,
             coalesce((select sum(amount) from transfer where credit = a.id and code = $1), 0)::bigint as earned,
             coalesce((select sum(t.amount) from transfer t join account o on o.id = t.debit
               where o.kind = 'worker_overpaid' and o.owner = w.id::text), 0)::bigint as over
           from worker w join account a on a.id = w.account_id""",
        int(Code.EARN),
    )
    for row in sums:
        if row["earned"] != paid.get(row["id"], 0) + row["balance"] - row["over"]:
            v.conservation_breaks += 1
            v.faults.append(
                f"worker {row['id']}: earned {row['earned']}, paid {paid.get(row['id'], 0)}, has {row['balance']}"
            )


async def _told(v: Verdict, e: Episode) -> None:
    """Check that there is one SMS for each outcome.

    A replaced payout is silent, and one that was paid late is told twice (failed, then paid).
    """
    wrong = await e.rt.db.value(
        """select count(*) from payout p where state in ('paid', 'failed', 'late_paid')
             and not exists (select from payout n where n.replaces = p.id)
             and not exists (select from outbox o where o.cause = 'payout:' || p.id || ':' || p.state)"""
    )
    if wrong:
        v.lost += wrong
        v.faults.append(f"{wrong} workers were not told")
