"""Adjustments of earnings: opened, disputed, decided and collected in parts.

Every step is recorded as an event that is never removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Row


@dataclass(frozen=True, slots=True)
class PaidAnswer:
    """A paid answer with its worker."""

    id: int
    price: int
    worker_id: int
    batch_id: str
    text: str
    currency: str
    language: str
    sms_channel: str
    msisdn_sealed: bytes


async def of_answer(db: Connection, answer: int) -> PaidAnswer | None:
    """Return the paid answer with its worker and batch, or None when there is no such answer."""
    row = await db.row(
        """select a.id, a.price, a.worker_id, t.batch_id, t.text, b.currency, w.language, w.sms_channel, w.msisdn_sealed
           from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           join worker w on w.id = a.worker_id where a.id = $1""",
        answer,
    )
    return PaidAnswer(**row) if row else None


async def insert(
    db: Connection,
    ref: str,
    answer: int,
    worker: WorkerId,
    amount_minor: int,
    decide_by: datetime,
    ends_at: datetime,
    opened_by: str = "",
) -> int | None:
    """Insert an adjustment and return its id.

    Return None when the answer has one already, or when the reference belongs to another
    adjustment.
    """
    made = await db.value(
        """insert into adjustment (ref, answer_id, worker_id, amount, decide_by, ends_at, opened_by)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id""",
        ref,
        answer,
        worker,
        amount_minor,
        decide_by,
        ends_at,
        opened_by,
    )
    if made is not None:
        await note(db, made, "opened", amount_minor, opened_by)
        if opened_by:
            await note_decision(db, "adjustment", opened_by, answer=answer)
    return made


async def has_one(db: Connection, answer: int) -> bool:
    """Return whether this answer ever had an adjustment, since a second one is never allowed."""
    return await db.value("select exists (select from adjustment where answer_id = $1)", answer)


async def note(
    db: Connection, adjustment: int, event: str, amount_minor: int = 0, who: str = ""
) -> None:
    await db.execute(
        "insert into adjustment_event (adjustment_id, event, amount, who) values ($1, $2, $3, $4)",
        adjustment,
        event,
        amount_minor,
        who,
    )


async def change_state(
    db: Connection, adjustment: int, was: str, becomes: str, who: str, decide_by: datetime | None
) -> bool:
    """Change the state if it still is `was`, and return whether it was changed."""
    moved = await db.value(
        """update adjustment set state = $3, decide_by = coalesce($4, decide_by) where id = $1 and state = $2
           returning true""",
        adjustment,
        was,
        becomes,
        decide_by,
    )
    if moved:
        await note(db, adjustment, becomes, 0, who)
    return bool(moved)


@dataclass(frozen=True, slots=True)
class AdjustmentByRef:
    """An adjustment with its worker."""

    id: int
    ref: str
    worker_id: int
    state: str
    amount: int
    name: str
    currency: str
    coordinator_id: int | None
    partner_id: int | None


async def by_ref(db: Database, ref: str) -> AdjustmentByRef | None:
    row = await db.row(
        """select j.id, j.ref, j.worker_id, j.state, j.amount, w.name, w.currency, w.coordinator_id, w.partner_id
           from adjustment j join worker w on w.id = j.worker_id where j.ref = $1""",
        ref,
    )
    return AdjustmentByRef(**row) if row else None


async def disputed(db: Database) -> list[Row]:
    """Return the appeals that wait for a decision, the soonest to lapse first."""
    return await db.rows(
        """select j.ref, j.amount, j.decide_by, w.id as worker, w.currency,
             c.name as coordinator
           from adjustment j join worker w on w.id = j.worker_id left join appeal p on p.adjustment_id = j.id
             left join coordinator c on c.id = p.handler_id where j.state = 'disputed' order by j.decide_by"""
    )


@dataclass(frozen=True, slots=True)
class OverdueAdjustment:
    """An adjustment whose time is over."""

    id: int
    state: str
    ends_at: datetime


async def overdue(db: Database, now: datetime) -> list[OverdueAdjustment]:
    """Return the adjustments whose time is over.

    Open ones stand from now on, and old standing ones are forgiven. A disputed one waits for the
    outcome of its appeal.
    """
    rows = await db.rows(
        """select id, state, ends_at from adjustment
           where state = 'open' and decide_by <= $1 or state = 'standing' and ends_at <= $1""",
        now,
    )
    return [OverdueAdjustment(**row) for row in rows]


async def void_for(db: Connection, answers: Sequence[int], who: str) -> int:
    """Void the adjustments for these answers, which were right after all, and return how many.

    What was taken for them is given back: see `to_return`.
    """
    rows = await db.rows(
        """update adjustment set state = 'void' where answer_id = any($1)
             and state in ('open', 'disputed', 'standing', 'done') returning id""",
        list(answers),
    )
    for row in rows:
        await note(db, row["id"], "void", 0, who)
    return len(rows)


async def taken_for(db: Connection, adjustment: int) -> int:
    """Return the amount that was taken for an adjustment, in minor units."""
    return await db.value("select taken from adjustment where id = $1", adjustment)


async def end_dispute(db: Connection, adjustment: int, becomes: str, who: str) -> None:
    """End the dispute about an adjustment: it stands (or is done where all was taken), or not."""
    moved = await db.value(
        """update adjustment set state = case when $2 = 'standing' and taken = amount then 'done' else $2 end
           where id = $1 and state = 'disputed' returning state""",
        adjustment,
        becomes,
    )
    if moved:
        await note(db, adjustment, moved, 0, who)


async def answers_adjusted(db: Connection, task: int) -> list[tuple[int, str]]:
    """Return the answers to a task for which an adjustment is in force, with their values."""
    rows = await db.rows(
        """select a.id, a.value from answer a join adjustment j on j.answer_id = a.id
           where a.task_id = $1 and j.state in ('open', 'disputed', 'standing', 'done') order by a.id""",
        task,
    )
    return [(row["id"], row["value"]) for row in rows]


async def to_return(db: Database, limit: int) -> list[int]:
    """Return the void adjustments for which something is still to be given back."""
    rows = await db.rows(
        "select id from adjustment where state = 'void' and taken > returned order by id limit $1",
        limit,
    )
    return [row["id"] for row in rows]


@dataclass(frozen=True, slots=True)
class Owed:
    """A void adjustment with the accounts through which its money goes back to the worker."""

    adjustment: int
    amount_minor: int
    """The amount that is still to be given back."""
    currency: str
    worker: int
    account: int
    """The worker's account."""
    batch: str
    hold: int
    """The batch's account."""
    batch_over: bool
    """True when the batch's money went back to the client."""
    client: str
    available: int
    """The client's account."""
    available_minor: int
    """The balance of that account."""


async def owed(db: Connection, adjustment: int) -> Owed | None:
    """Return what a void adjustment still owes, and lock it with the client's account."""
    await db.execute("select from adjustment where id = $1 for update", adjustment)
    row = await db.row(
        """select j.id as adjustment, j.taken - j.returned as amount_minor, b.currency, j.worker_id as worker,
             w.account_id as account, b.id as batch, b.account_id as hold, b.state in ('done', 'cancelled') as batch_over,
             b.client_id as client, x.id as available, x.balance as available_minor
           from adjustment j join worker w on w.id = j.worker_id join answer a on a.id = j.answer_id
             join task t on t.id = a.task_id join batch b on b.id = t.batch_id join client c on c.id = b.client_id
             join account x on x.id = c.account_id
           where j.id = $1 and j.state = 'void' and j.taken > j.returned for no key update of x""",
        adjustment,
    )
    return Owed(**row) if row else None


async def gave_back(db: Connection, adjustment: int, amount_minor: int) -> None:
    await db.execute(
        "update adjustment set returned = returned + $2 where id = $1", adjustment, amount_minor
    )
    await note(db, adjustment, "returned", amount_minor)


async def note_decision(
    db: Connection,
    kind: str,
    by: str,
    *,
    coordinator: int | None = None,
    task: int | None = None,
    answer: int | None = None,
    overturns: bool = False,
) -> None:
    """Record a person's decision about quality, by which its author is assessed.

    With `overturns`, earlier decisions of other persons about the same thing are overturned.
    """
    await db.execute(
        """select note_decision(p_kind => $1, p_by => $2, p_coordinator => $3, p_task => $4, p_answer => $5,
             p_overturns => $6)""",
        kind,
        by,
        coordinator,
        task,
        answer,
        overturns,
    )


async def debtors(db: Database) -> list[WorkerId]:
    """Return the workers with a standing adjustment."""
    rows = await db.rows("select distinct worker_id from adjustment where state = 'standing'")
    return [WorkerId(row["worker_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class StandingDebt:
    """An adjustment that stands, with the accounts of its batch."""

    id: int
    rest: int
    """The rest, in minor units."""
    taken: int
    created_at: datetime
    batch: str
    currency: str
    hold: int
    """The account of the batch."""
    batch_state: str
    client_id: str
    available: int
    """The account of its client."""
    times: int
    """The number of times that a part was taken."""
    releases: int
    """The number of times that the batch gave money back."""


async def standing_adjustments(db: Connection, worker: WorkerId) -> list[StandingDebt]:
    """Return the worker's standing adjustments, locked, with the accounts to be paid."""
    rows = await db.rows(
        """select j.id, j.amount - j.taken as rest, j.taken, j.created_at, b.id as batch, b.currency, b.account_id as hold,
             b.state as batch_state, b.client_id, c.account_id as available,
             (select count(*) from adjustment_event e where e.adjustment_id = j.id and e.event = 'taken') as times,
             (select count(*) from transfer t where t.debit = b.account_id and t.code = $2) as releases
           from adjustment j join answer a on a.id = j.answer_id join task t on t.id = a.task_id
             join batch b on b.id = t.batch_id join client c on c.id = b.client_id
           where j.worker_id = $1 and j.state = 'standing' order by j.id for update of j""",
        worker,
        _RELEASE,
    )
    return [StandingDebt(**row) for row in rows]


_RELEASE, _CORRECT_DOWN = 7, 6  # gateway.payments.ledger.chart_of_accounts.Code


@dataclass(frozen=True, slots=True)
class WeekOfDebtor:
    """A worker's week, in minor units."""

    account: int
    balance: int
    earned: int
    taken: int
    """The sum collected from her this week."""


async def week(db: Connection, worker: WorkerId, since: datetime, now: datetime) -> WeekOfDebtor:
    """Return the worker's earnings of this week since `since`, and lock her account.

    The row also has the sum collected from her this week, and her balance.
    """
    account = await db.row(
        """select a.id, a.balance from account a join worker w on w.account_id = a.id where w.id = $1
           for no key update of a""",
        worker,
    )
    assert account is not None
    row = await db.row(
        """select $4::bigint as account, $5::bigint as balance,
             coalesce(sum(t.amount) filter (where t.credit = $4 and t.code = 3 and t.at >= $1), 0)::bigint as earned,
             coalesce(sum(t.amount) filter (where t.debit = $4 and t.code = $3), 0)::bigint as taken
           from transfer t where $4 in (t.credit, t.debit) and t.at >= date_trunc('week', $2::timestamptz)""",
        since,
        now,
        _CORRECT_DOWN,
        account["id"],
        account["balance"],
    )
    assert row is not None
    return WeekOfDebtor(**row)


async def took(db: Connection, adjustment: int, amount_minor: int) -> None:
    await db.execute(
        """update adjustment set taken = taken + $2,
             state = case when taken + $2 = amount then 'done' else state end where id = $1""",
        adjustment,
        amount_minor,
    )
    await note(db, adjustment, "taken", amount_minor)
