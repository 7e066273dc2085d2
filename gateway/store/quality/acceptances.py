"""The client's word on delivered batches: accepted, or refused with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.qa.checks.plan import ACCEPT_H
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class DeliveredBatch:
    """The delivery of a batch, and the client's word on it."""

    state: str
    """The state of the batch."""
    delivered_at: datetime | None
    """The time when the batch was done."""
    accept_h: int
    """The hours in which the client may refuse it."""
    said: str | None
    """The client's last word: accepted or refused. None if there is none."""
    by: str | None
    """The person who said it."""
    reason: str
    """The reason of a refusal."""
    tasks: tuple[str, ...]
    """The refused tasks."""
    said_at: datetime | None
    """The time of the word."""


async def of_batch(db: Connection | Database, batch: str) -> DeliveredBatch | None:
    """Return the delivery of a batch, or None where there is no such batch."""
    row = await db.row(
        """select b.state, b.closed_at, coalesce((q.plan->>'accept_h')::int, $2) as accept_h, a.state as said, a.by,
             coalesce(a.reason, '') as reason, coalesce(a.tasks, '{}') as tasks, a.at
           from batch b left join quality_plan q on q.batch_id = b.id
             left join lateral (select * from acceptance x where x.batch_id = b.id order by x.id desc limit 1) a on true
           where b.id = $1""",
        batch,
        ACCEPT_H,
    )
    if row is None:
        return None
    return DeliveredBatch(
        row["state"],
        row["closed_at"] if row["state"] == "done" else None,
        row["accept_h"],
        row["said"],
        row["by"],
        row["reason"],
        tuple(row["tasks"]),
        row["at"],
    )


async def lock(db: Connection, batch: str) -> None:
    """Let no other word on this batch be stored before this transaction ends."""
    await db.value("select id from batch where id = $1 for no key update", batch)


async def store(
    db: Connection,
    batch: str,
    state: str,
    by: str,
    at: datetime,
    *,
    reason: str = "",
    tasks: Sequence[str] = (),
) -> None:
    """Store the client's word."""
    await db.execute(
        "insert into acceptance (batch_id, state, by, at, reason, tasks) values ($1, $2, $3, $4, $5, $6)",
        batch,
        state,
        by,
        at,
        reason,
        list(tasks),
    )


async def unknown_tasks(db: Connection, batch: str, tasks: Sequence[str]) -> list[str]:
    """Return those of the client's ids that name no task with a result of this batch."""
    rows = await db.rows(
        """select n.name from unnest($2::text[]) as n(name) where not exists (select from task t
             where t.batch_id = $1 and t.name = n.name and t.gold is null and t.value is not null) order by n.name""",
        batch,
        list(tasks),
    )
    return [row["name"] for row in rows]


async def doubt(db: Connection, batch: str, tasks: Sequence[str]) -> int:
    """Put refused tasks into review, where a person decides them; return their number."""
    done = await db.execute(
        """update task set state = 'review'
           where batch_id = $1 and name = any($2) and gold is null and state in ('decided', 'review')""",
        batch,
        list(tasks),
    )
    return int(done.split()[-1])
