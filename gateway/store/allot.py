"""Partners' shares of a batch: which tasks are kept for whom, and how far they have come."""

from datetime import datetime, timedelta

from gateway.store.batches import Batch
from gateway.store.db import Connection, Database, Row
from gateway.tasks.shares import dealt


async def keep_for_partners(db: Connection, batch: Batch, now: datetime) -> None:
    """Deal the tasks that are for anybody out to the partners with a share, as the batch starts."""
    if not batch.handling.shares:
        return
    open_to_all = [
        row["id"]
        for row in await db.fetch(
            """select id from task where batch_id = $1 and gold is null and not directed
                 and not coalesce(audience ? 'partners', false) order by position""",
            batch.id,
        )
    ]
    kept = [
        (task, code)
        for task, code in zip(
            open_to_all, dealt(len(open_to_all), batch.handling.shares), strict=True
        )
        if code is not None
    ]
    await db.execute(
        """update task t set kept_for = p.id from unnest($1::bigint[], $2::text[]) as k(task, code)
             join partner p on p.code = k.code where t.id = k.task""",
        [task for task, _ in kept],
        [code for _, code in kept],
    )
    await db.execute(
        "update batch set kept_until = $2 where id = $1",
        batch.id,
        now + timedelta(hours=batch.handling.keep_h),
    )


async def shares(db: Database, batch: str) -> list[Row]:
    """Per partner with a share: what was promised, and what has come of it."""
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
