"""Batches whose deadline has passed: no new question, and then the tasks that are left."""

from dataclasses import dataclass
from datetime import datetime

from gateway.store.db import Connection, Database

PASSED = """(b.state = 'running' and b.deadline <= $1 and b.ends_at is null
    or b.state = 'paused' and b.at_deadline = 'close' and b.deadline <= $1 and b.ends_at is null
    or b.ends_at is not null and b.state in ('running', 'paused') and exists (select from task t
      where t.batch_id = b.id and t.gold is null and t.state = 'open' and t.held = 0))"""
"""The condition that something is to be done about the deadline of a batch `b`."""


@dataclass(frozen=True, slots=True)
class EndingBatch:
    """A batch whose deadline has passed."""

    id: str
    client: str
    state: str
    at_deadline: str
    ends_at: datetime | None


async def passed(db: Database, now: datetime, limit: int) -> list[str]:
    """Return batches about whose deadline something is to be done."""
    rows = await db.rows(
        f"select b.id from batch b where {PASSED} order by b.deadline, b.id limit $2", now, limit
    )
    return [row["id"] for row in rows]


async def lock_ending(db: Connection, batch: str, now: datetime) -> EndingBatch | None:
    """Lock a batch whose deadline has passed, or return None where that is no longer so."""
    row = await db.row(
        """select id, client_id as client, state, at_deadline, ends_at from batch
           where id = $1 and state in ('running', 'paused') and (deadline <= $2 or ends_at is not null) for no key update""",
        batch,
        now,
    )
    return EndingBatch(**row) if row else None


async def stop_asking(db: Connection, batch: str, now: datetime) -> int:
    """Let no worker be asked a new question. Return the number of questions that workers hold."""
    await db.execute(
        "update batch set ends_at = $2, open = false, revision = revision + 1 where id = $1",
        batch,
        now,
    )
    return await db.value(
        """with left_over as (select id, held from task where batch_id = $1 and state = 'open' order by id for update),
             less as (update task t set wanted = t.answered + t.held, maximum = t.answered + t.held
               from left_over l where t.id = l.id)
           select coalesce(sum(held), 0)::int from left_over""",
        batch,
    )


async def cancel_unanswered(db: Connection, batch: str, limit: int) -> int:
    """Cancel some tasks of an ended batch that no worker answered or holds; return how many."""
    return await db.value(
        """with unanswered as (select id from task where batch_id = $1 and state = 'open' and gold is null and answered = 0
               and held = 0 order by id limit $2 for update),
             done as (update task t set state = 'cancelled' from unanswered s where t.id = s.id returning t.id)
           select count(*) from done""",
        batch,
        limit,
    )
