"""Heavy work on a batch, in slices that commit: how far it is, who is at it, and results that are not published yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store import tallies
from gateway.store.db import Connection, Database

# What `score` shares and `begin_learning` takes alone: answers that are being scored are scored
# before a look begins.
_SCORING = "select pg_advisory_xact_lock{shared}(hashtextextended('scoring', 0))"


async def scoring(db: Connection) -> None:
    """Let no whole look at a batch begin before this transaction ends."""
    await db.execute(_SCORING.format(shared="_shared"))


async def begin_learning(
    db: Connection, batch: str, now: datetime, until: datetime, doing: object
) -> int | None:
    """Take a batch for a whole look at its answers, which nothing else scores until then; how many answers were known
    before. None: another process is at it, and is told to look again."""
    await db.execute(_SCORING.format(shared=""))
    before: int | None = await db.fetchval(
        """update batch set learning_until = $3, background = $4, look_again = false
           where id = $1 and (learning_until is null or learning_until <= $2) returning learned""",
        batch,
        now,
        until,
        doing,
    )
    if before is None:
        await db.execute("update batch set look_again = true where id = $1", batch)
    return before


async def goes_on(db: Database, batch: str, until: datetime | None, doing: object) -> None:
    """Say how far it is; `until`: keep the batch for so much longer."""
    await db.execute(
        """update batch set background = $3, learning_until = case when $2::timestamptz is null then learning_until else $2 end
           where id = $1""",
        batch,
        until,
        doing,
    )


async def renew(db: Database, batch: str, until: datetime) -> None:
    """Keep a batch for longer, if it is still kept."""
    await db.execute(
        "update batch set learning_until = $2 where id = $1 and learning_until is not null",
        batch,
        until,
    )


async def ends(db: Database, batch: str) -> bool:
    """Leave the batch: it is done, or has failed and is tried again later. Whether it is to be looked at again."""
    return bool(
        await db.value(
            """update batch set learning_until = null, background = null where id = $1 returning look_again""",
            batch,
        )
    )


@dataclass(frozen=True, slots=True)
class KeptEstimates:
    """How many results of a batch are kept that rest on what holds now; `complete`: every answered task's is."""

    number: int
    complete: bool


async def basis(db: Connection | Database, batch: str) -> str:
    """Return what results rest on: the last answer, the version of the rule, and the corrections by persons."""
    value = db.value if isinstance(db, Database) else db.fetchval
    return await value(
        """select concat_ws('.', (select max(a.id) from answer a join task t on t.id = a.task_id where t.batch_id = b.id),
             b.revision, (select count(*) from correction c where c.batch_id = b.id))
           from batch b where b.id = $1""",
        batch,
    )


async def kept_estimates(db: Database, batch: str, basis: str) -> KeptEstimates:
    """Count the estimates that rest on `basis`; others are removed."""
    await db.execute("delete from estimate where batch_id = $1 and basis <> $2", batch, basis)
    number: int = await db.value("select count(*) from estimate where batch_id = $1", batch)
    missing = number == 0 or await db.value(
        """select exists (select from task t where t.batch_id = $1 and t.gold is null
             and exists (select from answer a where a.task_id = t.id and not a.void)
             and not exists (select from estimate e where e.task_id = t.id))""",
        batch,
    )
    return KeptEstimates(number, not missing)


async def keep_estimates(
    db: Database, batch: str, basis: str, some: Sequence[tuple[str, str, float]]
) -> None:
    """Keep some estimates (task, value, confidence); the same ones again change nothing."""
    await db.execute(
        """insert into estimate as e (batch_id, basis, task_id, value, confidence)
           select $1, $2, t.id, n.value, n.confidence
             from unnest($3::text[], $4::text[], $5::real[]) as n(name, value, confidence)
             join task t on t.batch_id = $1 and t.name = n.name and t.gold is null
           on conflict (task_id) do update set basis = excluded.basis, value = excluded.value,
             confidence = excluded.confidence where e.basis <> excluded.basis""",
        batch,
        basis,
        [name for name, _, _ in some],
        [value for _, value, _ in some],
        [confidence for _, _, confidence in some],
    )


async def is_still(db: Connection, batch: str, basis: str) -> bool:
    """Return whether `basis` is still what results rest on: only what came behind it is looked at."""
    *last, revision, corrections = map(int, basis.split("."))
    return await db.fetchval(
        """select b.revision = $3 and (select count(*) from correction c where c.batch_id = b.id) = $4
             and not exists (select from (select a.task_id from answer a where a.id > $2 order by a.id offset 0) news,
               lateral (select from task t where t.id = news.task_id and t.batch_id = b.id offset 0) t)
           from batch b where b.id = $1""",
        batch,
        last[0] if last else 0,
        revision,
        corrections,
    )


async def forget_others(db: Connection, batch: str, basis: str) -> None:
    """Remove the estimates of a batch that rest on something else."""
    await db.execute("delete from estimate where batch_id = $1 and basis <> $2", batch, basis)


async def left_to_publish(db: Connection | Database, batch: str) -> int:
    """Return how many results of a batch that is done do not stand in its tasks yet."""
    value = db.value if isinstance(db, Database) else db.fetchval
    return await value(
        """select count(*) from estimate where batch_id = $1
             and (select state = 'done' from batch where id = $1)""",
        batch,
    )


async def publish_some(
    db: Connection, batch: str, method: str, ruling: str, confidence: float, most: int
) -> int:
    """Put some results of a batch that is done into its tasks; how many.

    What a person decided stands.

    A decided task whose value changes goes to review where the new value does not reach
    `confidence`.
    """
    return await db.fetchval(
        """with next as materialized (
             select task_id, value, confidence from estimate
               where batch_id = $1 and (select state = 'done' from batch where id = $1)
               order by task_id limit $5 for update),
           told as (
             update task t set value = e.value, confidence = e.confidence, ruling = $3,
                 state = case when t.state = 'decided' and e.confidence < $4
                                   and t.value is distinct from e.value then 'review' else t.state end,
                 rule = case when t.rule = 'ambiguous' then t.rule else $2 end
               from next e where t.id = e.task_id and t.rule is distinct from 'person'),
           gone as (delete from estimate e using next n where e.task_id = n.task_id returning e.task_id)
           select count(*) from gone""",
        batch,
        method,
        ruling,
        confidence,
        most,
    )


async def end_publishing(db: Connection, batch: str) -> None:
    """All results stand in their tasks, and are counted anew."""
    await db.execute("update batch set background = null where id = $1", batch)
    await tallies.count_anew(db, batch)


async def publishing(db: Database) -> list[str]:
    """Return the batches that are done and whose results do not all stand in their tasks yet."""
    rows = await db.rows(f"select b.id {PUBLISHING}")
    return [row["id"] for row in rows]


# Estimates of batches that still run may be many: each batch is looked at once.
PUBLISHING = """from (with recursive each(id) as (select min(batch_id) from estimate
      union all select (select min(e.batch_id) from estimate e where e.batch_id > each.id) from each where each.id is not null)
    select id from each) found join batch b on b.id = found.id where b.state = 'done'"""


async def forget(db: Database, batch: str) -> None:
    """Remove the estimates of a batch that is not done: they are made anew, or not needed."""
    await db.execute(
        """delete from estimate e using batch b
           where b.id = $1 and e.batch_id = b.id and b.state <> 'done'""",
        batch,
    )
    await db.execute("update batch set background = null where id = $1 and state <> 'done'", batch)
