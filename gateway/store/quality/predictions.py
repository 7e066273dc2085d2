"""The predictions of a client's model, and the trust that a batch's predictions have earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.qa.skills.model_trust import ModelTrust, trust_of
from gateway.store.db import Connection, Database

_LEARNED_FROM_MAX = 5_000
"""The tasks from which trust is learned. More would show nothing new."""
_PARKED = "t.state = 'open' and t.gold is null and t.answered > 0 and t.answered >= t.wanted and t.held = 0"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction of one task, by the client's id."""

    task: str
    value: str
    score: float | None


@dataclass(frozen=True, slots=True)
class AnsweredTask:
    """A task with its prediction, and what its workers or its gold say."""

    predicted: str
    gold: str | None
    values: Sequence[str]
    rights: Sequence[float]
    wrongs: Sequence[float]


@dataclass(frozen=True, slots=True)
class ParkedTask:
    """A task with as many answers as it wants, which waits for its prediction to be weighed."""

    id: int
    text: str
    answered: int
    maximum: int
    predicted: str | None
    values: Sequence[str]
    rights: Sequence[float]
    wrongs: Sequence[float]
    via: str
    """The channel of the last answer."""


@dataclass(frozen=True, slots=True)
class PredictionCounts:
    """The numbers of a batch's predictions: all, and those that counted in a result."""

    stored: int
    used: int


async def store(db: Connection, batch: str, some: Sequence[Prediction]) -> list[str]:
    """Store predictions, in place of earlier ones, and return the ids that are no tasks."""
    rows = await db.rows(
        """with given as (select * from unnest($2::text[], $3::text[], $4::real[]) as g(name, value, score)),
             written as (
               insert into prediction (task_id, batch_id, value, score)
               select t.id, t.batch_id, g.value, g.score from given g join task t on t.batch_id = $1 and t.name = g.name
                 and t.promoted_from is null order by t.id
               on conflict (task_id) do update set value = excluded.value, score = excluded.score, used = false)
           select g.name from given g where not exists
             (select from task t where t.batch_id = $1 and t.name = g.name and t.promoted_from is null)""",
        batch,
        [one.task for one in some],
        [one.value for one in some],
        [one.score for one in some],
    )
    return [row["name"] for row in rows]


async def counts(db: Database, batch: str) -> PredictionCounts:
    """Return how many predictions a batch has, and how many counted."""
    row = await db.row(
        "select count(*) as stored, count(*) filter (where used) as used from prediction where batch_id = $1",
        batch,
    )
    assert row is not None
    return PredictionCounts(row["stored"], row["used"])


async def trust(db: Connection | Database, batch: str, options: Sequence[str]) -> ModelTrust | None:
    """Return the trust in a batch's model for these options, or None when it has none yet."""
    row = await db.row(
        "select confusion, counts from model_trust where batch_id = $1 and options = $2::text[]",
        batch,
        list(options),
    )
    return None if row is None else trust_of(row["confusion"], row["counts"])


async def is_learned_since(
    db: Database, batch: str, options: Sequence[str], since: datetime
) -> bool:
    """Return True if the trust for these options was learned after `since`."""
    return bool(
        await db.value(
            "select true from model_trust where batch_id = $1 and options = $2::text[] and learned_at > $3",
            batch,
            list(options),
            since,
        )
    )


async def keep_trust(
    db: Connection, batch: str, options: Sequence[str], learned: ModelTrust, now: datetime
) -> None:
    """Store the trust in a batch's model."""
    await db.execute(
        """insert into model_trust (batch_id, options, confusion, counts, learned_at) values ($1, $2, $3, $4, $5)
           on conflict (batch_id) do update set options = excluded.options, confusion = excluded.confusion,
             counts = excluded.counts, learned_at = excluded.learned_at""",
        batch,
        list(options),
        learned.confusion.tolist(),
        learned.counts.tolist(),
        now,
    )


async def answered_tasks(db: Database, batch: str) -> list[AnsweredTask]:
    """Return tasks of a batch that have a prediction and answers, the first ones."""
    rows = await db.rows(
        """select p.value as predicted, t.gold, v.values, v.rights, v.wrongs
           from (select p.task_id, p.value from prediction p join task t on t.id = p.task_id
                 where p.batch_id = $1 and t.answered > 0 order by p.task_id limit $2) p
             join task t on t.id = p.task_id join batch b on b.id = t.batch_id cross join lateral (
             select coalesce(array_agg(a.value order by a.id), '{}') as values,
               coalesce(array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by a.id), '{}') as rights,
               coalesce(array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by a.id), '{}') as wrongs
             from answer a left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
             where a.task_id = t.id and not a.void) v""",
        batch,
        _LEARNED_FROM_MAX,
    )
    return [AnsweredTask(*(row[name] for name in ("predicted", "gold", "values", "rights", "wrongs"))) for row in rows]  # fmt: skip


async def lock_parked(db: Connection, batch: str, limit: int) -> list[ParkedTask]:
    """Return tasks that wait for their prediction to be weighed, locked, with what the judge needs.

    Tasks that another process holds are left to it.
    """
    rows = await db.rows(
        f"""with t as (select t.* from task t where t.batch_id = $1 and {_PARKED}
              order by t.id limit $2 for update skip locked)
            select t.id, t.text, t.answered, t.maximum, p.value as predicted, v.values, v.rights, v.wrongs, v.via
            from t left join prediction p on p.task_id = t.id cross join lateral (
              select coalesce(array_agg(a.value order by a.id), '{{}}') as values,
                coalesce(array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by a.id), '{{}}') as rights,
                coalesce(array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by a.id), '{{}}') as wrongs,
                coalesce((array_agg(a.via order by a.id desc))[1], 'ussd') as via
              from answer a join batch b on b.id = t.batch_id left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
              where a.task_id = t.id and not a.void) v order by t.id""",  # The query is made of constants.
        batch,
        limit,
    )
    names = ("id", "text", "answered", "maximum", "predicted", "values", "rights", "wrongs", "via")
    return [ParkedTask(*(row[name] for name in names)) for row in rows]


async def mark_used(db: Connection, tasks: Sequence[int]) -> None:
    """Mark the predictions of these tasks as counted in their results."""
    await db.execute("update prediction set used = true where task_id = any($1::bigint[])", list(tasks))  # fmt: skip


async def mark_all_used(db: Database, batch: str) -> None:
    """Mark all predictions of a batch as counted in its results."""
    await db.execute("update prediction set used = true where batch_id = $1 and not used", batch)


async def of_batch(db: Database, batch: str) -> dict[str, str]:
    """Return the predictions of a batch by the client's id of the task."""
    rows = await db.rows(
        "select t.name, p.value from prediction p join task t on t.id = p.task_id where p.batch_id = $1",
        batch,
    )
    return {row["name"]: row["value"] for row in rows}


def relearn_after(tasks: float) -> timedelta:
    """Return how long the trust in a model stays as it is, by the tasks behind it.

    >>> relearn_after(10), relearn_after(5_000)
    (datetime.timedelta(seconds=1), datetime.timedelta(seconds=60))
    """
    return timedelta(seconds=min(60.0, max(1.0, round(tasks / 50.0))))


DUE = f"""select b.id from batch b where b.state = 'running' and b.policy_options @> '{{"use_predictions": true}}'
  and exists (select from task t where t.batch_id = b.id and {_PARKED})"""
"""The batches with tasks that wait for their prediction to be weighed."""
