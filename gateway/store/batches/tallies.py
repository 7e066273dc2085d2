"""The progress of a batch, in numbers.

A large batch is counted once in a while, and a small one whenever it is read.
"""

from datetime import datetime, timedelta

from gateway.store.db import Connection, Database

LARGE = 20_000
"""The number of tasks above which a batch is not counted at each look."""
SEARCHED = 1_000
"""The number of tasks above which the place of the first free task is stored."""
_LEAST_S, _TIMES = 10, 20
"""A large batch is counted again after `_LEAST_S` seconds, or after `_TIMES` times the duration of
the last count.
"""

_NUMBERS = """
    count(*) filter (where gold is null) as tasks, count(*) filter (where gold is not null) as golds,
    count(*) filter (where gold is null and state <> 'open') as tasks_done,
    count(*) filter (where gold is null and state = 'review') as tasks_review,
    coalesce(sum(answered), 0)::bigint as answers,
    coalesce(sum(answered) filter (where gold is null and state <> 'open'), 0)::bigint as answers_decided,
    coalesce(sum(held), 0)::bigint as asked_now,
    coalesce(sum(wanted) filter (where gold is null), 0)::bigint as answers_wanted,
    coalesce(sum(answered) filter (where gold is null), 0)::bigint as answers_real,
    coalesce(sum(maximum), 0)::bigint as answers_maximum,
    count(*) filter (where gold is not null and promoted_from is null and answered > 0) as gold_answered"""

EARNED = """case when b.first_price is null then c.answers * b.price
    -- The answers of a batch whose price was raised have several prices.
    else (select coalesce(sum(a.price), 0)::bigint from task p join answer a on a.task_id = p.id where p.batch_id = b.id) end"""
"""The money that workers earned with a batch `b`, which is joined with `OF_BATCH`."""

OF_BATCH = f"""
left join tally y on y.batch_id = b.id cross join lateral (
  select k.*, y.at as counted_at from jsonb_to_record(y.counts) as k(tasks bigint, golds bigint, tasks_done bigint, tasks_review bigint,
    answers bigint, answers_decided bigint, asked_now bigint, answers_wanted bigint, answers_real bigint, answers_maximum bigint,
    gold_answered bigint)
    where y.counts ? 'tasks'
  union all
  select {_NUMBERS}, null from task t where t.batch_id = b.id and (y.counts ? 'tasks') is not true and t.position <= coalesce(b.filled_to, t.position)
    having (y.counts ? 'tasks') is not true) c"""  # The query is made of the constants above.
"""A join with `batch b`: its counts `c`, and the time of the count (`counted_at`, null for now)."""


async def count_anew(db: Connection, batch: str) -> None:
    """Let a batch that was changed be counted again, if it is not small.

    Until then its numbers are counted at each look, and the search for work begins at its first
    task.
    """
    await db.execute("update batch set low = 0 where id = $1 and low > 0", batch)
    await db.execute(
        """insert into tally (batch_id, counts, due_at)
             select $1, '{}', now() where (select count(*) from (select from task where batch_id = $1 limit $2) t) = $2
           on conflict (batch_id) do update set counts = '{}', due_at = now()""",
        batch,
        SEARCHED + 1,
    )


async def due_batches(db: Database, now: datetime) -> list[str]:
    """Return the batches that are due for a count."""
    rows = await db.rows(
        "select batch_id from tally where due_at <= $1 order by due_at limit 100", now
    )
    return [row["batch_id"] for row in rows]


async def count_batch(db: Database, batch: str) -> timedelta:
    """Count a batch, find its first free task, and return how long that took."""
    took: timedelta = await db.value(
        f"""with began as materialized (select clock_timestamp() as at),
             counted as materialized (select to_jsonb(n) as counts, clock_timestamp() as at from (
               select {_NUMBERS} from task where batch_id = $1 and state <> 'uploading') n, began)
           update tally y set at = now(),
               counts = case when (c.counts->>'tasks')::bigint + (c.counts->>'golds')::bigint > {LARGE} then c.counts else '{{}}' end,
               due_at = case when b.state in ('running', 'paused')
                 then now() + greatest(make_interval(secs => {_LEAST_S}), {_TIMES} * (c.at - began.at)) end
             from counted c, began, batch b where b.id = y.batch_id and y.batch_id = $1 returning c.at - began.at""",
        batch,
    )
    await db.execute(
        """update batch b set low = coalesce((select t.position from task t where t.batch_id = $1 and t.state = 'open'
               and t.gold is null and not t.directed and not t.is_full order by t.position limit 1) - 1,
             (select max(position) from task where batch_id = $1 and state <> 'uploading'), 0)
           where b.id = $1 and b.state in ('running', 'paused')""",
        batch,
    )
    return took
