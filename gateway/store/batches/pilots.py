"""Pilots: the first tasks of a batch are asked, the others are kept back, and the batch pauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.db import Connection, Database

KEPT_BACK = """t.batch_id = $1 and t.gold is null and t.state = 'open' and t.position > $2
  and not exists (select from directed d where d.task_id = t.id)"""
"""The tasks behind a pilot. Their flag `directed` keeps them from being asked, since the search for
free work never sees a directed task, and no worker is named for them.
"""
DUE = """exists (select from pilot p join batch b on b.id = p.batch_id where p.state = 'running'
  and b.state = 'running' and not exists (select from task t where t.batch_id = p.batch_id
    and t.gold is null and t.state = 'open' and t.position <= p.last_position))"""
"""True if a pilot has all its answers."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot of a batch."""

    batch: str
    tasks: int
    last_position: int
    state: str
    began_at: datetime
    ended_at: datetime | None
    learnt: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PilotTask:
    """One task of a pilot, and how it went."""

    name: str
    text: str
    answers: int
    agreeing: int
    """The answers of the most frequent value."""
    skipped: int
    unclear: int
    """The replies that were not understood while a worker held it."""


async def of_batch(db: Database | Connection, batch: str) -> Pilot | None:
    """Return the pilot of a batch, or None."""
    row = await db.row("select * from pilot where batch_id = $1", batch)
    if row is None:
        return None
    return Pilot(
        row["batch_id"],
        row["tasks"],
        row["last_position"],
        row["state"],
        row["began_at"],
        row["ended_at"],
        row["learnt"],
    )


async def has_named_workers(db: Connection, batch: str) -> bool:
    """Return whether tasks of a batch are made out to workers by name."""
    return await db.value(
        """select exists (select from task t join directed d on d.task_id = t.id where t.batch_id = $1)""",
        batch,
    )


async def begin(db: Connection, batch: str, tasks: int, now: datetime) -> bool:
    """Keep back all but the first real tasks of a draft. Return False where there are no more."""
    last: int | None = await db.value(
        """select position from task where batch_id = $1 and gold is null order by position offset $2 limit 1""",
        batch,
        tasks - 1,
    )
    if last is None or not await db.value(
        "select exists (select from task where batch_id = $1 and gold is null and position > $2)",
        batch,
        last,
    ):
        return False
    await db.execute(
        "insert into pilot (batch_id, tasks, last_position, began_at) values ($1, $2, $3, $4)",
        batch,
        tasks,
        last,
        now,
    )
    await db.execute(f"update task t set directed = true where {KEPT_BACK}", batch, last)
    return True


async def release(db: Connection, pilot: Pilot) -> None:
    """Let the tasks behind a pilot be asked."""
    await db.execute(
        f"update task t set directed = false where t.directed and {KEPT_BACK}",
        pilot.batch,
        pilot.last_position,
    )
    await db.execute("update pilot set state = 'resumed' where batch_id = $1", pilot.batch)


async def finished(db: Database) -> list[str]:
    """Return the running batches whose pilot has all its answers."""
    rows = await db.rows(
        """select p.batch_id from pilot p join batch b on b.id = p.batch_id where p.state = 'running'
             and b.state = 'running' and not exists (select from task t where t.batch_id = p.batch_id
               and t.gold is null and t.state = 'open' and t.position <= p.last_position)"""
    )
    return [row["batch_id"] for row in rows]


async def end(db: Connection, batch: str, learnt: Mapping[str, Any], now: datetime) -> bool:
    """Note the end of a pilot. Return False where it was noted before."""
    return await db.value(
        """with e as (update pilot set state = 'ended', ended_at = $3, learnt = $2
             where batch_id = $1 and state = 'running' returning 1) select exists (select from e)""",
        batch,
        dict(learnt),
        now,
    )


async def tasks_of(db: Database, pilot: Pilot) -> list[PilotTask]:
    """Return the tasks of a pilot in order, with their answers and the replies not understood."""
    rows = await db.rows(
        """select t.name, t.text, coalesce(v.answers, 0) as answers, coalesce(v.agreeing, 0) as agreeing,
             (select count(*) from assignment a where a.task_id = t.id and a.state = 'skipped') as skipped,
             (select count(*) from assignment a
                join outbox o on o.worker_id = a.worker_id and starts_with(o.cause, 'unclear:')
                  and o.created_at >= a.asked_at
                left join answer x on x.task_id = a.task_id and x.worker_id = a.worker_id
                where a.task_id = t.id and o.created_at <= coalesce(x.created_at, now())) as unclear
           from task t left join lateral (select sum(n)::int as answers, max(n)::int as agreeing
             from (select count(*) as n from answer x where x.task_id = t.id group by x.value) c) v on true
           where t.batch_id = $1 and t.gold is null and t.position <= $2 order by t.position""",
        pilot.batch,
        pilot.last_position,
    )
    return [
        PilotTask(
            row["name"],
            row["text"],
            row["answers"],
            row["agreeing"],
            row["skipped"],
            row["unclear"],
        )
        for row in rows
    ]
