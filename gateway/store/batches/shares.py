"""The shares of partners in a batch: the tasks that are kept for each, and their progress."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gateway.store.batches.batches import Batch
from gateway.store.db import Connection, Database, Row
from gateway.tasks.shares import deal_tasks

_TO_DEAL = "gold is null and not directed and not coalesce(audience ? 'partners', false)"


async def dealt_tasks(db: Database, batch: Batch, after: int = 0) -> list[tuple[int, str | None]]:
    """Deal the batch's open-to-all tasks out to the partners with a share.

    Return each task with its partner, or None for a task that stays open to all. Tasks up to the
    position `after` were dealt before, and the others continue them.
    """
    rows = await db.rows(
        f"select id from task where batch_id = $1 and position > $2 and {_TO_DEAL} order by position",
        batch.id,
        after,
    )
    before = 0
    if after:
        before = await db.value(
            f"select count(*) from task where batch_id = $1 and position <= $2 and {_TO_DEAL}",
            batch.id,
            after,
        )
    codes = deal_tasks(len(rows), batch.handling.shares, before)
    return [(row["id"], code) for row, code in zip(rows, codes, strict=True)]


async def keep_for_partners(db: Connection, some: Sequence[tuple[int, str | None]]) -> None:
    """Keep some dealt tasks for their partners. Those of a partner that is not active stay open."""
    await db.execute(
        """update task t set kept_for = p.id from unnest($1::bigint[], $2::text[]) as k(task, code)
             left join partner p on p.code = k.code and p.state = 'active' where t.id = k.task and t.kept_for is distinct from p.id""",
        [task for task, _ in some],
        [code for _, code in some],
    )


async def choose(db: Connection, batch: str, chosen: Mapping[str, float]) -> None:
    """Set the shares of a draft."""
    await db.execute(
        """update batch set policy_options = policy_options - 'shares'
             || case when $2::jsonb = '{}' then '{}' else jsonb_build_object('shares', $2::jsonb) end
           where id = $1""",
        batch,
        dict(chosen),
    )


async def note(
    db: Connection,
    batch: str,
    chosen: Mapping[str, float],
    proposed: Mapping[str, float],
    by: str,
    reason: str,
) -> None:
    """Record a choice of shares beside what was proposed at that time."""
    await db.execute(
        """insert into batch_share_event (batch_id, shares, proposed, by_whom, reason)
           values ($1, $2, $3, $4, $5)""",
        batch,
        dict(chosen),
        dict(proposed),
        by,
        reason,
    )


async def free_inactive(db: Database, batch: str) -> int:
    """Open the tasks of a batch that are kept for partners that are not active any more."""
    return await db.value(
        """with freed as (update task t set kept_for = null from partner p, batch b
             where b.id = $1 and b.policy_options ? 'shares' and t.batch_id = b.id and t.kept_for = p.id
               and p.state <> 'active' and t.state = 'open' and b.policy_options->'shares' ? p.code returning 1)
           select count(*) from freed""",
        batch,
    )


async def client_of(db: Database, batch: str) -> str | None:
    """Return the client of a batch, or None where there is no such batch."""
    return await db.value("select client_id from batch where id = $1", batch)


async def batches_with_share(db: Database, code: str) -> list[str]:
    """Return the batches that keep tasks for a partner now."""
    rows = await db.rows(
        """select id from batch where state in ('running', 'paused') and kept_until > now()
             and policy_options->'shares' ? $1 order by id""",
        code,
    )
    return [row["id"] for row in rows]


async def free_tasks(db: Database, batch: str, partner: int, most: int) -> int:
    """Open some tasks that are kept for a partner to all workers, and return how many."""
    return await db.value(
        """with kept as (select id from task where batch_id = $1 and state = 'open' and gold is null and not directed
               and kept_for = $2 order by id limit $3 for no key update),
             freed as (update task t set kept_for = null from kept where t.id = kept.id returning 1)
           select count(*) from freed""",
        batch,
        partner,
        most,
    )


async def free_late_tasks(db: Database, batch: str, most: int) -> int:
    """Open some tasks whose time for a partner is over for good, and return how many.

    They are open to all workers already, and a later time for new tasks shall not change that.
    """
    return await db.value(
        """with late as (select t.id from task t join batch b on b.id = t.batch_id
               where b.id = $1 and b.kept_until <= now() and t.state = 'open' and t.kept_for is not null
               order by t.id limit $2 for no key update of t skip locked),
             freed as (update task t set kept_for = null from late where t.id = late.id returning 1)
           select count(*) from freed""",
        batch,
        most,
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
