"""Heavy work on a batch, in slices that commit.

The rows say how far it is, which process does it, and which results are not published yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.batches import tallies
from gateway.store.batches.reviews import NOT_FINAL
from gateway.store.db import Connection, Database

# `score` takes this lock shared and `begin_learning` takes it exclusively, so that a running score
# is finished before an estimate begins.
_SCORING = "select pg_advisory_xact_lock{shared}(hashtextextended('scoring', 0))"


async def scoring(db: Connection) -> None:
    """Let no estimate of a whole batch begin before this transaction ends."""
    await db.execute(_SCORING.format(shared="_shared"))


async def begin_learning(
    db: Connection, batch: str, now: datetime, until: datetime, doing: object
) -> int | None:
    """Claim a batch for an estimate of all its answers.

    Return how many answers were known before. No other process scores the answers until `until`.
    Return None when another process has the claim. That process will then repeat its estimate.
    """
    await db.execute(_SCORING.format(shared=""))
    before: int | None = await db.value(
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
    """Record the progress. `until` keeps the claim on the batch for longer."""
    await db.execute(
        """update batch set background = $3, learning_until = case when $2::timestamptz is null then learning_until else $2 end
           where id = $1""",
        batch,
        until,
        doing,
    )


async def renew(db: Database, batch: str, until: datetime) -> None:
    """Extend the claim on a batch, if it still exists."""
    await db.execute(
        "update batch set learning_until = $2 where id = $1 and learning_until is not null",
        batch,
        until,
    )


async def ends(db: Database, batch: str) -> bool:
    """End the claim on the batch, after success or before a later retry.

    Return whether another process asked for a repetition.
    """
    return bool(
        await db.value(
            """update batch set learning_until = null, background = null where id = $1 returning look_again""",
            batch,
        )
    )


@dataclass(frozen=True, slots=True)
class KeptEstimates:
    """The stored estimates of a batch that rest on its current basis."""

    number: int
    """The number of estimates."""
    complete: bool
    """Every answered task has one."""


async def basis(db: Connection | Database, batch: str) -> str:
    """Return the basis of results: the last answer, the rule's version and the corrections."""
    return await db.value(
        """select concat_ws('.', (select max(a.id) from answer a join task t on t.id = a.task_id where t.batch_id = b.id),
             b.revision, (select count(*) from correction c where c.batch_id = b.id))
           from batch b where b.id = $1""",
        batch,
    )


async def kept_estimates(db: Database, batch: str, basis: str) -> KeptEstimates:
    """Count the estimates that rest on `basis`, and remove all others."""
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
    """Store some estimates (task, value, confidence). Storing them again changes nothing."""
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
    """Return whether `basis` is still the batch's basis. Only newer rows are read."""
    *last, revision, corrections = map(int, basis.split("."))
    return await db.value(
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
    """Remove the estimates of a batch that rest on another basis."""
    await db.execute("delete from estimate where batch_id = $1 and basis <> $2", batch, basis)


async def left_to_publish(db: Connection | Database, batch: str) -> int:
    """Return how many results of a closed batch have not been copied to its tasks yet."""
    return await db.value(
        """select count(*) from estimate where batch_id = $1
             and (select state = 'done' from batch where id = $1)""",
        batch,
    )


async def publish_some(
    db: Connection, batch: str, method: str, ruling: str, confidence: float, most: int
) -> int:
    """Copy some results of a closed batch to its tasks, and return how many.

    The decision of a person, a review or an audit stands. A decided task whose value changes goes
    to review if the new value does not reach `confidence`.
    """
    return await db.value(
        f"""with next as materialized (
             select task_id, value, confidence from estimate
               where batch_id = $1 and (select state = 'done' from batch where id = $1)
               order by task_id limit $5 for update),
           told as (
             update task t set value = e.value, confidence = e.confidence, ruling = $3,
                 state = case when t.state = 'decided' and e.confidence < $4
                                   and t.value is distinct from e.value then 'review' else t.state end,
                 rule = case when t.rule = 'ambiguous' then t.rule else $2 end
               from next e where t.id = e.task_id and {NOT_FINAL.format(task="t")}),
           gone as (delete from estimate e using next n where e.task_id = n.task_id returning e.task_id)
           select count(*) from gone""",
        batch,
        method,
        ruling,
        confidence,
        most,
    )


async def end_publishing(db: Connection, batch: str) -> None:
    """Count the batch again, after all results were copied to its tasks."""
    await db.execute("update batch set background = null where id = $1", batch)
    await tallies.count_anew(db, batch)


async def publishing(db: Database) -> list[str]:
    """Return the closed batches whose results have not all been copied to their tasks."""
    rows = await db.rows(f"select b.id {PUBLISHING}")
    return [row["id"] for row in rows]


# A running batch may have many estimates, so the query visits each batch once.
PUBLISHING = """from (with recursive each(id) as (select min(batch_id) from estimate
      union all select (select min(e.batch_id) from estimate e where e.batch_id > each.id) from each where each.id is not null)
    select id from each) found join batch b on b.id = found.id where b.state = 'done'"""


async def rests(db: Database, batch: str) -> None:
    """Record that no process works on a batch that waits, for example for its reviewers."""
    await db.execute("update batch set background = null where id = $1 and state <> 'done'", batch)


async def forget(db: Database, batch: str) -> None:
    """Remove the estimates of a batch that is not closed. They are made again when needed."""
    await db.execute(
        """delete from estimate e using batch b
           where b.id = $1 and e.batch_id = b.id and b.state <> 'done'""",
        batch,
    )
    await db.execute("update batch set background = null where id = $1 and state <> 'done'", batch)
