"""The promised accuracy of batches: the wish, the plan, the further answers and the certificate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.qa.checks.promise_more import EstimatedTask
from gateway.store.batches import tallies
from gateway.store.batches.reviews import NOT_FINAL
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """The promise of a batch as it is stored."""

    target: float
    """The share of right results that the client asked for."""
    plan: Mapping[str, Any] | None
    """The plan of the start; None before."""
    rounds: int
    """The rounds in which doubtful tasks were asked again."""
    asked_more: int
    """The answers that these rounds asked for."""
    outcome: Mapping[str, Any] | None
    """The certificate of the close; None before."""


async def insert_promise(db: Connection, batch: str, target: float) -> None:
    """Store the accuracy that the client of a new batch asks for."""
    await db.execute("insert into batch_promise (batch_id, target) values ($1, $2)", batch, target)


async def replace_promise(db: Connection, batch: str, target: float | None) -> None:
    """Store another accuracy for a draft, or none."""
    await db.execute("delete from batch_promise where batch_id = $1", batch)
    if target is not None:
        await insert_promise(db, batch, target)


async def of_batch(db: Connection | Database, batch: str) -> KeptPromise | None:
    """Return the promise of a batch, or None where its client named a policy."""
    row = await db.row(
        "select target, plan, rounds, asked_more, outcome from batch_promise where batch_id = $1",
        batch,
    )
    return None if row is None else KeptPromise(**row)


async def keep_plan(db: Connection, batch: str, plan: Mapping[str, object]) -> None:
    """Store the plan with which a batch starts."""
    await db.execute("update batch_promise set plan = $2 where batch_id = $1", batch, dict(plan))


async def keep_outcome(db: Database, batch: str, outcome: Mapping[str, object]) -> None:
    """Store the certificate of a batch that closes."""
    await db.execute(
        "update batch_promise set outcome = $2 where batch_id = $1", batch, dict(outcome)
    )


@dataclass(frozen=True, slots=True)
class PlannedSlots:
    """The answers of the real tasks of a draft under a plan."""

    least: int
    """The first answers."""
    most: int
    """The most answers."""


async def planned_slots(db: Database, batch: str, least: int, most: int) -> PlannedSlots:
    """Return the slots of the real tasks of a draft, with at most `most` answers per task."""
    row = await db.row(
        """select coalesce(sum(least(t.maximum, $2)), 0)::bigint as least, coalesce(sum(least(t.maximum, $3)), 0)::bigint as most
           from task t join batch b on b.id = t.batch_id
           where b.id = $1 and t.gold is null and t.position <= coalesce(b.filled_to, t.position)""",
        batch,
        least,
        most,
    )
    assert row is not None
    return PlannedSlots(**row)


async def limit_slots(db: Connection, batch: str, least: int, most: int, after: int = 0) -> None:
    """Give real tasks at a place behind `after`, which no worker has yet, the slots of a plan.

    No task gets more slots than it had.
    """
    await db.execute(
        """update task set maximum = least(maximum, $3), wanted = least($2, maximum, $3)
           where batch_id = $1 and gold is null and position > $4 and (maximum > $3 or wanted <> least($2, maximum, $3))""",
        batch,
        least,
        most,
        after,
    )


async def estimated_tasks(db: Database, batch: str, workers: int) -> list[EstimatedTask]:
    """Return the answered tasks of a batch with the kept estimates.

    A task has no slot left when each of `workers` workers has answered it, or a person decided it.
    """
    rows = await db.rows(
        f"""select t.name, e.confidence,
             case when t.state in ('decided', 'review') and {NOT_FINAL.format(task="t")}
               then greatest(0, least(t.maximum, $2) - t.answered) else 0 end as slots
           from estimate e join task t on t.id = e.task_id where e.batch_id = $1 order by t.position""",
        batch,
        workers,
    )
    return [EstimatedTask(row["name"], row["confidence"], row["slots"]) for row in rows]


async def ask_more(db: Connection, batch: str, tasks: Sequence[str], rounds_max: int) -> int:
    """Open tasks for one more answer each, within their paid slots, and return their number."""
    begun = await db.value(
        "update batch_promise set rounds = rounds + 1 where batch_id = $1 and rounds < $2 returning true",
        batch,
        rounds_max,
    )
    if not begun:
        return 0
    number: int = await db.value(
        f"""with chosen as (select t.id from task t where t.batch_id = $1 and t.name = any($2) and t.gold is null
               and t.state in ('decided', 'review') and t.answered < t.maximum and {NOT_FINAL.format(task="t")}
               order by t.id for update),
             opened as (update task t set state = 'open', wanted = t.answered + 1, value = null, confidence = null, rule = null,
               ruling = null, decided_at = null from chosen c where t.id = c.id returning t.id)
           select count(*) from opened""",
        batch,
        list(tasks),
    )
    await db.execute(
        "update batch_promise set asked_more = asked_more + $2 where batch_id = $1", batch, number
    )
    await tallies.count_anew(db, batch)
    return number


@dataclass(frozen=True, slots=True)
class GoldPairs:
    """The pairs of answers to the same gold question of closed batches."""

    pairs: float
    """The number of pairs."""
    both_wrong: float
    """The pairs of which both are wrong."""
    wrong: float
    """The share of wrong answers, times the pairs."""


async def gold_pairs(db: Database, kind: str, options: int) -> GoldPairs | None:
    """Return the counted pairs of a kind with this number of options, or None for none."""
    row = await db.row(
        "select pairs, both_wrong, wrong from gold_pairs where kind = $1 and options = $2",
        kind,
        options,
    )
    return None if row is None else GoldPairs(**row)


async def count_gold_pairs(db: Connection, batch: str, kind: str, options: int) -> None:
    """Count the pairs of a batch that closes, once."""
    await db.execute(
        """insert into gold_pairs as g (kind, options, pairs, both_wrong, wrong)
           select $2, $3, x.pairs, x.both_wrong, x.wrong from (
             select sum(n * (n - 1) / 2.0)::float8 as pairs, sum(w * (w - 1) / 2.0)::float8 as both_wrong,
                 sum((n - 1) * w / 2.0)::float8 as wrong
               from (select count(*) as n, count(*) filter (where not a."right") as w
                 from task t join answer a on a.task_id = t.id
                 where t.batch_id = $1 and t.gold is not null and t.promoted_from is null and a."right" is not null and not a.void
                 group by t.id having count(*) > 1) one) x where x.pairs > 0
           on conflict (kind, options) do update set pairs = g.pairs + excluded.pairs,
             both_wrong = g.both_wrong + excluded.both_wrong, wrong = g.wrong + excluded.wrong""",
        batch,
        kind,
        options,
    )
