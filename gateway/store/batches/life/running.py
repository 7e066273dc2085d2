"""The tasks of a batch that runs, when its client extends, reopens, cancels or ends them.

Each statement locks the tasks in the order of their ids, as every turn does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.batches.reviews import PERSON
from gateway.store.db import Connection


@dataclass(frozen=True, slots=True)
class LifeRow:
    """The state of a batch, locked for a change."""

    state: str
    price_minor: int
    partner_price_minor: int
    reserved_minor: int
    open: bool
    deadline: datetime | None
    at_deadline: str
    ends_at: datetime | None
    rounds: int
    stage: str | None
    """The present quality step (work, review, audit, delivered), if the client ordered steps."""
    uploading: bool
    busy: bool
    """Heavy work, such as the publication of results, goes on."""


async def lock_life(db: Connection, client: str, batch: str) -> LifeRow | None:
    """Lock a batch of this client until the end of the transaction, or return None."""
    row = await db.row(
        """select b.state, b.price as price_minor, b.partner_price as partner_price_minor, b.reserved as reserved_minor,
             b.open, b.deadline, b.at_deadline, b.ends_at, b.rounds,
             (select q.stage from quality_plan q where q.batch_id = b.id) as stage,
             b.upload_until is not null as uploading,
             b.state = 'done' and exists (select from estimate e where e.batch_id = b.id) as busy
           from batch b where b.id = $1 and b.client_id = $2 for no key update of b""",
        batch,
        client,
    )
    return LifeRow(**row) if row else None


@dataclass(frozen=True, slots=True)
class ChosenTask:
    """A task that a client names, locked."""

    id: int
    name: str
    state: str
    directed: bool
    by_person: bool
    wanted: int
    maximum: int
    answered: int
    held: int


_CHOSEN = f"""select id, name, state, directed, coalesce(rule, '') = '{PERSON}' as by_person, wanted, maximum, answered, held
  from task where batch_id = $1 and gold is null"""


async def named_tasks(db: Connection, batch: str, names: Sequence[str]) -> list[ChosenTask]:
    """Return the real tasks with these client's ids, locked."""
    rows = await db.rows(
        f"{_CHOSEN} and name = any($2) and state <> 'uploading' order by id for update",
        batch,
        list(names),
    )
    return [ChosenTask(**row) for row in rows]


async def tasks_in(db: Connection, batch: str, states: Sequence[str]) -> list[ChosenTask]:
    """Return the real tasks in these states that any worker may answer, locked."""
    rows = await db.rows(
        f"{_CHOSEN} and state = any($2) and not directed order by id for update",
        batch,
        list(states),
    )
    return [ChosenTask(**row) for row in rows]


async def set_slots(db: Connection, slots: Sequence[tuple[int, int, int]]) -> None:
    """Set the wanted and the most answers of locked tasks (id, wanted, maximum)."""
    await db.execute(
        """update task t set wanted = n.wanted, maximum = n.maximum
           from unnest($1::bigint[], $2::smallint[], $3::smallint[]) as n(id, wanted, maximum) where t.id = n.id""",
        *_columns(slots),
    )


async def open_again(
    db: Connection, batch: str, change: int, slots: Sequence[tuple[int, int, int]]
) -> None:
    """Open locked tasks with a result for more answers, and keep the results that they had."""
    ids, wanted, maximum = _columns(slots)
    await db.execute(
        """insert into earlier_result (task_id, change_id, state, value, confidence, rule, decided_at, decided_by)
           select id, $2, state, value, confidence, rule, decided_at, decided_by from task where id = any($1)""",
        ids,
        change,
    )
    await db.execute(
        """update task t set state = 'open', wanted = n.wanted, maximum = n.maximum, value = null, confidence = null,
             rule = null, ruling = null, decided_at = null, decided_by = null, skill_wanted = null, better_until = null
           from unnest($1::bigint[], $2::smallint[], $3::smallint[]) as n(id, wanted, maximum) where t.id = n.id""",
        ids,
        wanted,
        maximum,
    )
    await db.execute("delete from estimate where batch_id = $1", batch)


def _columns(slots: Sequence[tuple[int, int, int]]) -> tuple[list[int], list[int], list[int]]:
    return [s[0] for s in slots], [s[1] for s in slots], [s[2] for s in slots]


async def cancel_tasks(db: Connection, tasks: Sequence[int]) -> None:
    """Cancel locked tasks. A worker who holds one may still answer it."""
    await db.execute(
        """update task set state = 'cancelled', wanted = answered + held, maximum = answered + held where id = any($1)""",
        list(tasks),
    )
    await db.execute(
        "update directed set asked = true where task_id = any($1) and not asked", list(tasks)
    )


async def count_slots(db: Connection, batch: str) -> None:
    """Bring the sums of the batch's uploads up to date, after its tasks got other slots."""
    await db.execute(
        """update batch b set weights = null, filled = b.filled || jsonb_build_object('most', n.most, 'least', n.least,
             'overlap', n.overlap)
           from (select coalesce(sum(maximum), 0)::bigint as most,
                   coalesce(sum(wanted) filter (where gold is null), 0)::bigint as least,
                   coalesce(max(maximum) filter (where gold is null), 0)::int as overlap
                 from task where batch_id = $1 and state <> 'uploading') n
           where b.id = $1 and b.filled is not null""",
        batch,
    )


async def add_reserved(db: Connection, batch: str, amount_minor: int) -> None:
    """Add to the money that is set aside for a batch, or take from it."""
    await db.execute("update batch set reserved = reserved + $2 where id = $1", batch, amount_minor)


async def set_open(db: Connection, batch: str, *, is_open: bool) -> None:
    """Let tasks be added to a batch while it runs, or not any more."""
    await db.execute("update batch set open = $2 where id = $1", batch, is_open)


async def set_deadline(
    db: Connection, batch: str, deadline: datetime | None, at_deadline: str
) -> None:
    """Set the deadline of a batch, and what happens at it."""
    await db.execute(
        "update batch set deadline = $2, at_deadline = $3, revision = revision + 1 where id = $1",
        batch,
        deadline,
        at_deadline,
    )


async def begin_round(db: Connection, batch: str, deadline: datetime | None) -> None:
    """Let a batch that was done run again. Its decided tasks give up the slots they did not need.

    The money of these slots was given back at the end, so that no later step may count on them.
    """
    await db.execute(
        """update task t set maximum = t.answered, wanted = least(t.wanted, t.answered)
           from (select id from task where batch_id = $1 and state <> 'open' and maximum > answered order by id for update) s
           where t.id = s.id""",
        batch,
    )
    await db.execute(
        """update batch set rounds = rounds + 1, ends_at = null, open = false, deadline = $2, revision = revision + 1
           where id = $1""",
        batch,
        deadline,
    )


async def round_of(db: Connection, batch: str) -> int:
    """Return how often a batch was opened again after its end."""
    return await db.value("select rounds from batch where id = $1", batch)


async def spent_minor(db: Connection, batch: str) -> int:
    """Return what a batch has cost so far: its answers, those of its checks, and its top-ups."""
    return await db.value(
        """select coalesce((select sum(a.price) from task t join answer a on a.task_id = t.id where t.batch_id = $1), 0)::bigint
             + coalesce((select sum(x.answered * k.price) from check_batch c join batch k on k.id = c.batch_id
                 join task x on x.batch_id = k.id where c.parent_id = $1), 0)::bigint
             + coalesce((select case when settled_at is null then topped_before else topped_up end from batch_pay where batch_id = $1), 0)""",
        batch,
    )


async def payable_slots(db: Connection, batch: str) -> int:
    """Return how many answers the batch may still have to pay."""
    return await db.value(
        """select coalesce(sum(maximum - answered), 0)::bigint from task
           where batch_id = $1 and (state = 'open' or gold is null and state in ('decided', 'review'))""",
        batch,
    )


async def raise_price(db: Connection, batch: str, price_minor: int) -> int:
    """Raise the price of the answers of workers who are not asked yet.

    Every question that a worker holds keeps the price that she was told. Return their number.
    A late answer, after her lease, earns the new price, as the question is free for all then.
    """
    kept: int = await db.value(
        """with asked as (
             select a.id from task t join assignment a on a.task_id = t.id
             where t.batch_id = $1 and a.state = 'held' and (a.record ? 'price') is not true
             order by t.id, a.id for update of a),
           told as (
             update assignment a set record = coalesce(a.record, '{}') || jsonb_build_object('price', b.price)
             from asked, batch b where a.id = asked.id and b.id = $1 and a.state = 'held' returning a.id)
           select count(*) from told""",
        batch,
    )
    await db.execute(
        """update batch set price = $2, first_price = coalesce(first_price, price), revision = revision + 1, weights = null
           where id = $1""",
        batch,
        price_minor,
    )
    return kept
