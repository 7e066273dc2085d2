"""The way of each earning from the answer to the cash, read from the rows."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.ledger.trace import Move, SpentEarning, spend
from gateway.store.db import Database, Row

_WORKERS_AT_ONCE = 100

_MOVES = """
select a.id as account, t.id, t.code, t.cause, case when t.credit = a.id then t.amount else -t.amount end as amount
from unnest($1::bigint[]) as a(id) join transfer t on t.credit = a.id or t.debit = a.id
order by a.id, t.seq"""

# These are `_MOVES`, but consecutive earnings of other batches are joined, since it does not matter
# which of them was spent.
_MOVES_OF_BATCH = f"""
with m as (
  select a.id as account, t.id, t.seq, t.code, t.cause, case when t.credit = a.id then t.amount else -t.amount end as amount,
    t.code = {Code.EARN:d} and t.debit <> $2 as other
  from unnest($1::bigint[]) as a(id) join transfer t on t.credit = a.id or t.debit = a.id
), runs as (
  select *, count(*) filter (where not other) over (partition by account order by seq) as run from m
)
select account, (array_agg(id order by seq))[1] as id, min(code) as code, case when other then '' else min(cause) end as cause,
  sum(amount)::bigint as amount
from runs group by account, run, other order by account, min(seq)"""

# The cause of an earning names the assignment, so the answer is found by keys alone.
_ANSWERS = """
select x.transfer_id, x.id as answer, x.value as said, x.slot, x.via, x.price, x.created_at as answered_at,
  t.name as task, t.text, t.batch_id as batch, case when t.state = 'review' and t.rule = 'ambiguous' then 'ambiguous' else t.state end as decision, t.value as result, t.rule, t.confidence, t.decided_at
from unnest($1::bigint[]) as n(id) join assignment g on g.id = n.id
  join answer x on x.task_id = g.task_id and x.worker_id = g.worker_id join task t on t.id = x.task_id"""

_PAYOUTS = """
select p.id, p.ref, p.state, p.provider, p.receipt, p.amount, p.created_at, p.settled_at,
  l.statement_id as statement, l.n as statement_line, l.at as statement_at, l.amount as statement_amount
from payout p left join lateral (
  select * from statement_line s where s.payout_id = p.id and s.kind = 'payment' order by s.statement_id, s.n limit 1
) l on true where p.id = any($1::uuid[])"""


@dataclass(frozen=True, slots=True)
class Link:
    """A part of one earning, and where the money is."""

    earning: UUID
    """The id of the earning."""
    amount_minor: int
    """The part of the earning."""
    fate: str
    """The place of the money: paid, on_way, back (taken by a correction), owed (still in the
    balance of the worker), or withheld with the payout as tax or fee.
    """
    answer: Row | None
    """The row of `_ANSWERS`, or None for an earning without an answer, such as a bonus."""
    payout: Row | None
    """The row of `_PAYOUTS`, if there is one."""


async def of_accounts(db: Database, accounts: Sequence[int], hold: int | None = None) -> list[Link]:
    """Return every earning of these workers' accounts, part by part, oldest first.

    `hold` is the account of a batch. Answers of other batches are then left out, and their earnings
    may be joined.
    """
    histories: dict[int, list[Move]] = {account: [] for account in accounts}
    causes: dict[UUID, str] = {}
    rows = (
        await db.rows(_MOVES, list(accounts))
        if hold is None
        else await db.rows(_MOVES_OF_BATCH, list(accounts), hold)
    )
    for row in rows:
        if row["code"] == Code.EARN and row["cause"]:
            causes[row["id"]] = row["cause"]
        move = Move(row["id"], Code(row["code"]), row["amount"], row["cause"])
        histories[row["account"]].append(move)
    parts: list[SpentEarning] = []
    unspent: dict[UUID, int] = {}
    for history in histories.values():
        spent = spend(history)
        parts += spent.parts
        unspent |= spent.unspent
    earnings = {part.earning for part in parts} | unspent.keys()
    assignments = [_assignment(causes[e]) for e in earnings if e in causes]
    answers = {row["transfer_id"]: row for row in await db.rows(_ANSWERS, assignments)}
    spendings = {part.spending: _payout_of(part) for part in parts}
    wanted = list({payout for payout in spendings.values() if payout})
    payouts = {row["id"]: row for row in await db.rows(_PAYOUTS, wanted)}
    found = [
        _link(part, answers.get(part.earning), payouts.get(spendings[part.spending]))
        for part in parts
    ]
    return found + [
        Link(earning, amount, "owed", answers.get(earning), None)
        for earning, amount in unspent.items()
    ]


def _assignment(cause: str) -> int:
    return int(cause.partition(":")[2])


def _payout_of(part: SpentEarning) -> UUID | None:
    code, subject = part.cause.split(":")[:2]
    return UUID(subject) if code in ("hold", "late_paid", *_WITHHELD) else None


_WITHHELD = {"tax": "tax", "late_tax": "tax", "worker_fee": "fee"}


def _link(part: SpentEarning, answer: Row | None, payout: Row | None) -> Link:
    if payout is None:
        known_receipt = part.cause.startswith("paid_before:")
        fate = "paid" if known_receipt else "back"
        return Link(part.earning, part.amount_minor, fate, answer, None)
    taken = _WITHHELD.get(part.cause.partition(":")[0])
    if taken:
        return Link(part.earning, part.amount_minor, taken, answer, payout)
    fate = "on_way" if payout["settled_at"] is None else "paid"
    return Link(part.earning, part.amount_minor, fate, answer, payout)


async def of_payout(db: Database, ref: str) -> list[Link]:
    """Return the earnings that a payout paid.

    The list is empty when there is no such payout, or when its money went back.
    """
    account = await db.value(
        "select w.account_id from payout p join worker w on w.id = p.worker_id where p.ref = $1",
        ref,
    )
    if account is None:
        return []
    return [x for x in await of_accounts(db, [account]) if x.payout and x.payout["ref"] == ref]


async def of_answer(db: Database, answer: int) -> list[Link]:
    """Return where the price of one answer went. The list is empty for an unknown answer."""
    account = await db.value(
        "select w.account_id from answer a join worker w on w.id = a.worker_id where a.id = $1",
        answer,
    )
    if account is None:
        return []
    return [
        x for x in await of_accounts(db, [account]) if x.answer and x.answer["answer"] == answer
    ]


async def of_batch(db: Database, batch: str) -> AsyncGenerator[Link]:
    """Yield every paid answer of a batch and of its reviews and audits, and where its price went.

    The answers are read in groups of workers, so that memory stays flat.
    """
    async for link in _of_one(db, batch):
        yield link
    for row in await db.rows(
        "select batch_id from check_batch where parent_id = $1 order by batch_id", batch
    ):
        async for link in _of_one(db, row["batch_id"]):
            yield link


async def _of_one(db: Database, batch: str) -> AsyncGenerator[Link]:
    rows = await db.rows(
        """select distinct w.account_id from answer a join task t on t.id = a.task_id
           join worker w on w.id = a.worker_id where t.batch_id = $1 order by w.account_id""",
        batch,
    )
    accounts = [row["account_id"] for row in rows]
    hold: int = await db.value("select account_id from batch where id = $1", batch)
    for start in range(0, len(accounts), _WORKERS_AT_ONCE):
        for link in await of_accounts(db, accounts[start : start + _WORKERS_AT_ONCE], hold):
            if link.answer and link.answer["batch"] == batch:
                yield link


_FATES = {"paid": "paid", "on_way": "on its way", "back": "taken back", "owed": "in the balance",
          "tax": "withheld as tax", "fee": "taken as the operator's fee"}  # fmt: skip


def trace_line(link: Link, sure: str = "") -> str:
    """Return one line for the operator about an answer's way to cash.

    It has the form: answer -> decision -> transfer -> payout -> receipt -> line of the provider's
    statement. `sure` is the certainty of the decision, in words.
    """
    a, p = link.answer, link.payout
    steps = [
        f"answer {a['answer']} ({a['said']}) to task {a['task']} of {a['batch']}" if a else "bonus",
        f"{a['decision']} by {a['rule']}{sure}" if a and a["rule"] else "",
        f"transfer {link.earning}",
        f"{link.amount_minor} minor units {_FATES[link.fate]}",
        f"payout {p['ref']} {p['state']} by {p['provider']}" if p else "",
        f"receipt {p['receipt']}" if p and p["receipt"] else "",
        f"line {p['statement_line']} of the operator's statement {p['statement']}: {p['statement_amount']} minor units"
        if p and p["statement"]
        else "",
    ]
    return " -> ".join(step for step in steps if step)


def as_dict(link: Link) -> dict[str, object]:
    """Return every step with its time, for programs."""
    return {
        "earning": str(link.earning),
        "amount_minor": link.amount_minor,
        "fate": link.fate,
        "answer": dict(link.answer) if link.answer else None,
        "payout": dict(link.payout) if link.payout else None,
    }
