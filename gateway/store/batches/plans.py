"""The quality plans of batches: the steps that clients ordered, and the step of each batch."""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import AccountId, BatchId
from gateway.qa.checks.plan import QualityPlan, plan_of
from gateway.store.db import Connection, Database

WAITING = """exists (select from quality_plan q where q.batch_id = b.id and q.stage in ('review', 'audit')
    and q.wait_until > {now}
    and case when q.waits_for is not null
      then exists (select from batch k where k.id = q.waits_for and (k.state in ('running', 'paused')
        or exists (select from estimate e where e.batch_id = k.id)))
      else exists (select from audit_item i where i.batch_id = b.id and i.round = q.round and i.judged_at is null) end)"""
"""The condition that a batch `b` waits for its reviewers or auditors, and is not closed before."""
SPENT = """(select coalesce(sum(x.answered * k.price), 0)::bigint from check_batch c join batch k on k.id = c.batch_id
    join task x on x.batch_id = k.id where c.parent_id = b.id)"""
"""The money that the reviews and audits of a batch `b` have paid."""
NOT_CHECK = "not exists (select from check_batch c where c.batch_id = b.id)"
"""The condition that a batch `b` is a client's own, and no review or audit."""


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """The plan of a batch, and the step that it is at."""

    plan: QualityPlan
    """The steps that the client ordered."""
    stage: str
    """The present step: work, review, audit or delivered."""
    round: int
    """The number of the current audit, from 1."""
    waits_for: BatchId | None
    """The batch of paid questions that it waits for, if any."""
    wait_until: datetime | None
    """The time at which it waits no longer."""


async def insert_plan(db: Connection, batch: str, plan: QualityPlan) -> None:
    """Store the plan of a new batch."""
    await db.execute(
        "insert into quality_plan (batch_id, plan) values ($1, $2)", batch, plan.as_data()
    )


async def of_batch(db: Connection | Database, batch: str) -> PlannedBatch | None:
    """Return the plan of a batch, or None where its client ordered no steps."""
    row = await db.row(
        "select plan, stage, round, waits_for, wait_until from quality_plan where batch_id = $1",
        batch,
    )
    if row is None:
        return None
    return PlannedBatch(
        plan_of(row["plan"]),
        row["stage"],
        row["round"],
        BatchId(row["waits_for"]) if row["waits_for"] else None,
        row["wait_until"],
    )


async def set_stage(
    db: Connection,
    batch: str,
    was: PlannedBatch,
    stage: str,
    *,
    round: int | None = None,  # noqa: A002  # the word of the column
    waits_for: str | None = None,
    wait_until: datetime | None = None,
) -> bool:
    """Move a batch to a step. Return False when it is no longer at the step `was`."""
    return bool(
        await db.value(
            """update quality_plan set stage = $4, round = $5, waits_for = $6, wait_until = $7
               where batch_id = $1 and stage = $2 and round = $3 returning true""",
            batch,
            was.stage,
            was.round,
            stage,
            was.round if round is None else round,
            waits_for,
            wait_until,
        )
    )


async def set_delivered(db: Connection, batch: str) -> None:
    """Record that a batch was delivered. A batch without a plan has nothing to record."""
    await db.execute(
        "update quality_plan set stage = 'delivered', waits_for = null, wait_until = null where batch_id = $1",
        batch,
    )


async def real_tasks(db: Connection | Database, batch: str) -> int:
    """Return the number of tasks of a batch, without gold."""
    return await db.value(
        """select count(*) from task where batch_id = $1 and gold is null
             and position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)""",
        batch,
    )


async def spent_minor(db: Connection | Database, batch: str, purpose: str) -> int:
    """Return the money that the reviews or audits of a batch have paid, in minor units."""
    return await db.value(
        """select coalesce(sum(x.answered * k.price), 0)::bigint from check_batch c join batch k on k.id = c.batch_id
           join task x on x.batch_id = k.id where c.parent_id = $1 and c.purpose = $2""",
        batch,
        purpose,
    )


async def hold_account_of(db: Connection, batch: str) -> AccountId:
    """Return the account of the money that is reserved for a batch."""
    return AccountId(await db.value("select account_id from batch where id = $1", batch))


async def open_checks(db: Connection, batch: str) -> list[BatchId]:
    """Return the reviews and audits of a batch that workers may still answer."""
    rows = await db.rows(
        """select k.id from check_batch c join batch k on k.id = c.batch_id
           where c.parent_id = $1 and k.state in ('running', 'paused') order by k.id""",
        batch,
    )
    return [BatchId(row["id"]) for row in rows]
