"""The rows of a worker's statement."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from gateway.base.ids import derived_id
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.ledger.statement import EarningsLine, Scope, differences, render, scope_of
from gateway.store.db import Database, Row

_WORKER = "select w.id, w.name, w.currency, w.account_id from worker w where w.id = $1"
_MOVES = """
select t.seq, t.code, t.cause, t.at, case when t.credit = $1 then t.amount else -t.amount end as amount, x.id as answer
from transfer t left join answer x on x.transfer_id = t.id
where (t.credit = $1 or t.debit = $1) and t.seq <= $2 order by t.seq"""
_PAYOUTS = "select id, ref, receipt, to_tail from payout where worker_id = $1"
_SETTLED = "select seq, id, at from transfer where id = any($1::uuid[]) and seq <= $2"

_WHAT = {
    Code.BONUS: "Bonus or correction",
    Code.CORRECT_DOWN: "Correction",
    Code.LATE_PAID: "Sent after all",
    Code.WORKER_FEE: "Operator's fee",
    Code.PAID_BEFORE: "Sent by the gateway that was lost",
    Code.FEE_BACK: "Operator's fee, back",
    Code.SMS_REFUND: "SMS refunded",
    Code.FLOOR_TOP_UP: "Raised to fair pay",
    Code.CLIENT_BONUS: "Bonus",
    Code.REFERRAL: "Reward for a new worker",
}
_TAXED = {
    Code.TAX: "tax withheld:",
    Code.LATE_TAX: "tax withheld:",
    Code.TAX_BACK: "tax back:",
    Code.REVERSAL_TAX: "tax back:",
}


async def last_transfer(db: Database) -> int:
    return await db.value("select coalesce(max(seq), 0) from transfer")


async def statement(db: Database, scope: Scope) -> str | None:
    """Return the text of a statement, or None for an unknown worker."""
    worker = await db.row(_WORKER, scope.worker)
    if worker is None:
        return None
    scope = replace(scope, currency=worker["currency"])
    payouts = {str(row["id"]): row for row in await db.rows(_PAYOUTS, scope.worker)}
    told = {
        row["seq"]: EarningsLine(row["at"], _what(row, payouts), row["amount"])
        for row in await db.rows(_MOVES, worker["account_id"], scope.to_seq)
    }
    told |= await _confirmations(db, payouts, scope.to_seq)
    lines = [told[seq] for seq in sorted(told)]
    start = datetime.combine(scope.first, time(), UTC)
    end = datetime.combine(scope.last, time(), UTC) + timedelta(days=1)
    before_minor = sum(line.amount_minor for line in lines if line.at < start)
    return render(scope, worker["name"], before_minor, [x for x in lines if start <= x.at < end])


def _what(row: Row, payouts: dict[str, Row]) -> str:
    code, subject = Code(row["code"]), row["cause"].partition(":")[2]
    payout = payouts.get(subject.partition(":")[0])
    if row["answer"]:
        return f"Answer {row['answer']}"
    if payout and code is Code.HOLD:
        return f"{payout['ref']} cash-out to number ..{payout['to_tail']}"
    if payout and code in _TAXED:
        return f"{payout['ref']} {_TAXED[code]} {subject.partition(':')[2]}"
    if payout and code is Code.PAYOUT_FAILED:
        return f"{payout['ref']} could not be sent, back"
    what = _WHAT.get(code, code.name.replace("_", " ").capitalize())
    return f"{payout['ref']} {what.lower()}" if payout else what


async def _confirmations(
    db: Database, payouts: dict[str, Row], to_seq: int
) -> dict[int, EarningsLine]:
    """Return the lines that show when the provider confirmed a payout, with its receipt.

    They do not change the worker's balance, but they are her proof.
    """
    settled = {derived_id("settle", payout): row for payout, row in payouts.items()}
    rows = await db.rows(_SETTLED, list(settled), to_seq)
    of = {row["seq"]: settled[row["id"]] for row in rows}
    return {
        row["seq"]: EarningsLine(
            row["at"], f"{of[row['seq']]['ref']} paid, receipt {of[row['seq']]['receipt']}", 0
        )
        for row in rows
    }


async def scope_for(db: Database, worker: int, first: date | None, last: date) -> Scope:
    """Return the scope of a worker's statement up to now.

    Without a first day, it begins with her first transfer.
    """
    if first is None:
        began: datetime | None = await db.value(
            """select min(t.at) from transfer t join worker w on w.account_id in (t.credit, t.debit)
               where w.id = $1""",
            worker,
        )
        first = began.astimezone(UTC).date() if began else last
    return Scope(worker, "", first, last, await last_transfer(db))


async def check_statement(db: Database, said: str) -> list[str]:
    """Return the differences between the text of a worker's printed statement and the ledger.

    Each is a sentence for an operator, and the list is empty for a genuine statement. The ledger
    gives the same statement again, and the two are compared line by line. A text that is no
    statement, or that names an unknown worker, gives one sentence that says so.
    """
    scope = scope_of(said)
    if scope is None:
        return [
            "there is no line `Worker ..., transfers up to ...`: not a statement of this gateway"
        ]
    right = await statement(db, scope)
    return [f"there is no worker {scope.worker}"] if right is None else differences(said, right)
