"""The shares of partners in a batch: the tasks that are kept for each, and their progress."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.store.batches.batches import Batch
from gateway.store.db import Connection, Database, Row
from gateway.tasks.shares import deal_tasks


async def dealt_tasks(db: Database, batch: Batch) -> list[tuple[int, str | None]]:
    """Deal the batch's open-to-all tasks out to the partners with a share.

    Return each task with its partner, or None for a task that stays open to all.
    """
    rows = await db.rows(
        """select id from task where batch_id = $1 and gold is null and not directed
             and not coalesce(audience ? 'partners', false) order by position""",
        batch.id,
    )
    codes = deal_tasks(len(rows), batch.handling.shares)
    return [(row["id"], code) for row, code in zip(rows, codes, strict=True)]


async def keep_for_partners(db: Connection, some: Sequence[tuple[int, str | None]]) -> None:
    """Keep some dealt tasks for their partners."""
    await db.execute(
        """update task t set kept_for = p.id from unnest($1::bigint[], $2::text[]) as k(task, code)
             left join partner p on p.code = k.code where t.id = k.task and t.kept_for is distinct from p.id""",
        [task for task, _ in some],
        [code for _, code in some],
    )


async def keep_until(db: Connection, batch: Batch, now: datetime) -> None:
    """Record until when the dealt tasks are kept."""
    if batch.handling.shares:
        await db.execute(
            "update batch set kept_until = $2 where id = $1",
            batch.id,
            now + timedelta(hours=batch.handling.keep_h),
        )


async def shares(db: Database, batch: str) -> list[Row]:
    """Return, per partner with a share, the promised share and its progress."""
    return await db.rows(
        """select p.code as partner, s.value::float8 as share,
             count(t.id) as tasks, count(t.id) filter (where t.state <> 'open') as tasks_done,
             (select count(*) from answer x join task a on a.id = x.task_id join worker w on w.id = x.worker_id
                where a.batch_id = b.id and w.partner_id = p.id) as answers, b.kept_until
           from batch b cross join lateral jsonb_each_text(coalesce(b.policy_options->'shares', '{}')) s
             join partner p on p.code = s.key left join task t on t.batch_id = b.id and t.kept_for = p.id
           where b.id = $1 group by b.id, p.id, s.value order by p.code""",
        batch,
    )
