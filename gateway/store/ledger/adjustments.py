"""Adjustments of earnings: opened, disputed, decided and collected in parts.

Every step is recorded as an event that is never removed.
"""

from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Row


async def of_answer(db: Connection, answer: int) -> Row | None:
    """Return the paid answer with its worker and batch, or None when there is no such answer."""
    return await db.row(
        """select a.id, a.price, a.worker_id, t.batch_id, t.text, b.currency, w.language, w.sms_channel, w.msisdn_sealed
           from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           join worker w on w.id = a.worker_id where a.id = $1""",
        answer,
    )


async def insert(
    db: Connection,
    ref: str,
    answer: int,
    worker: WorkerId,
    amount_minor: int,
    decide_by: datetime,
    ends_at: datetime,
) -> int | None:
    """Insert an adjustment and return its id.

    Return None when the answer has one already, or when the reference belongs to another
    adjustment.
    """
    made = await db.value(
        """insert into adjustment (ref, answer_id, worker_id, amount, decide_by, ends_at)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id""",
        ref,
        answer,
        worker,
        amount_minor,
        decide_by,
        ends_at,
    )
    if made is not None:
        await note(db, made, "opened", amount_minor)
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


async def may_appeal(db: Database, worker: WorkerId, ref: str) -> bool:
    """Return whether `ref` is an adjustment that this worker may appeal or has appealed."""
    return await db.value(
        """select exists (select from adjustment where ref = $1 and worker_id = $2
             and state in ('open', 'disputed'))""",
        ref,
        worker,
    )


async def open_refs(db: Database, worker: WorkerId) -> list[str]:
    """Return the references that a worker may appeal or has appealed."""
    rows = await db.rows(
        """select ref from adjustment where worker_id = $1 and state in ('open', 'disputed') order by id""",
        worker,
    )
    return [row["ref"] for row in rows]


async def adjustment_explanation(db: Database, worker: WorkerId, ref: str) -> Row | None:
    """Return the question and the answer of a worker's adjustment, or None for another one."""
    return await db.row(
        """select j.ref, j.amount, t.text, a.said, a.value from adjustment j join answer a on a.id = j.answer_id
             join task t on t.id = a.task_id where j.worker_id = $1 and j.ref = $2""",
        worker,
        ref,
    )


async def by_ref(db: Database, ref: str) -> Row | None:
    return await db.row(
        """select j.id, j.ref, j.worker_id, j.state, j.amount, w.name, w.currency, w.coordinator_id, w.partner_id
           from adjustment j join worker w on w.id = j.worker_id where j.ref = $1""",
        ref,
    )


async def not_passed_on(db: Database) -> list[Row]:
    """Return the appeals that have not been passed on to a coordinator yet.

    There is one row per coordinator of the worker, with null for a worker without one.
    """
    return await db.rows(
        """select j.id, j.ref, j.amount, j.decide_by, w.name, w.msisdn_sealed as hers, w.currency, c.msisdn_sealed, c.language
           from adjustment j join worker w on w.id = j.worker_id
             left join lateral worker_coordinators(w.id) as k(id) on true left join coordinator c on c.id = k.id
           where j.state = 'disputed' and not exists (select from adjustment_event e
             where e.adjustment_id = j.id and e.event = 'passed_on') order by j.id"""
    )


async def disputed(db: Database) -> list[Row]:
    """Return the appeals that wait for a decision, the soonest to lapse first."""
    return await db.rows(
        """select j.ref, j.amount, j.decide_by, w.id as worker, w.currency,
             (select string_agg(c.name, ', ') from worker_coordinators(w.id) as k(id) join coordinator c on c.id = k.id)
               as coordinator
           from adjustment j join worker w on w.id = j.worker_id where j.state = 'disputed' order by j.decide_by"""
    )


async def overdue(db: Database, now: datetime) -> list[Row]:
    """Return the adjustments whose time is over.

    Open ones stand from now on, disputed ones are dropped, and old standing ones are forgiven.
    """
    return await db.rows(
        """select id, state, ends_at from adjustment
           where state in ('open', 'disputed') and decide_by <= $1 or state = 'standing' and ends_at <= $1""",
        now,
    )


async def debtors(db: Database) -> list[WorkerId]:
    """Return the workers with a standing adjustment."""
    rows = await db.rows("select distinct worker_id from adjustment where state = 'standing'")
    return [WorkerId(row["worker_id"]) for row in rows]


async def standing_adjustments(db: Connection, worker: WorkerId) -> list[Row]:
    """Return the worker's standing adjustments, locked, with the accounts to be paid."""
    return await db.rows(
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


_RELEASE, _CORRECT_DOWN = 7, 6  # gateway.payments.ledger.chart_of_accounts.Code


async def week(db: Connection, worker: WorkerId, since: datetime, now: datetime) -> Row:
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
    return row


async def took(db: Connection, adjustment: int, amount_minor: int) -> None:
    await db.execute(
        """update adjustment set taken = taken + $2,
             state = case when taken + $2 = amount then 'done' else state end where id = $1""",
        adjustment,
        amount_minor,
    )
    await note(db, adjustment, "taken", amount_minor)
