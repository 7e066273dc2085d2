"""The tasks that were given to paid reviewers, with their results before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.checks.review_result import EarlierResult
from gateway.store.batches.reviews import NOT_FINAL, REVIEW
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class DoubtfulTask:
    """A task whose result is in doubt when all its answers are in."""

    task: str
    """The client's id of the task."""
    value: str | None
    """The result so far."""
    confidence: float
    """The confidence of the result; 0 where there is none."""
    state: str
    """The state of the task: decided or review."""


@dataclass(frozen=True, slots=True)
class ReviewedTask:
    """The outcome of a review for one task."""

    task: str
    """The client's id of the task."""
    value: str
    """The value that the reviewers found."""
    confidence: float
    """The confidence in it."""
    decided: bool
    """False if the task waits for a person, because the reviewers do not agree."""


async def doubtful(db: Database, batch: str, below: float, most: int) -> list[DoubtfulTask]:
    """Return the tasks of a batch in doubt, the least confident first, at most `most`.

    The confidences are those of the estimate of the whole batch, where it was made. A task that
    was reviewed before, or decided by a person, is left out.
    """
    rows = await db.rows(
        f"""select t.name, coalesce(e.value, t.value) as value,
             coalesce(e.confidence, t.confidence, 0)::float8 as confidence, t.state
           from task t left join estimate e on e.task_id = t.id
           where t.batch_id = $1 and t.gold is null and t.state in ('decided', 'review') and t.answered > 0
             and {NOT_FINAL.format(task="t")} and (t.state = 'review' or coalesce(e.confidence, t.confidence, 0) < $2)
             and not exists (select from review_item r where r.task_id = t.id)
           order by 3, t.id limit $3""",
        batch,
        below,
        most,
    )
    return [
        DoubtfulTask(row["name"], row["value"], row["confidence"], row["state"]) for row in rows
    ]


async def begin(db: Connection, batch: str, nth: int, tasks: Sequence[DoubtfulTask]) -> None:
    """Store the results of the tasks before their review."""
    await db.execute(
        """insert into review_item (task_id, round, batch_id, was, was_confidence, was_state)
           select t.id, $2, $1, n.value, n.confidence, n.state
             from unnest($3::text[], $4::text[], $5::real[], $6::text[]) as n(name, value, confidence, state)
             join task t on t.batch_id = $1 and t.name = n.name and t.gold is null""",
        batch,
        nth,
        [one.task for one in tasks],
        [one.value for one in tasks],
        [one.confidence for one in tasks],
        [one.state for one in tasks],
    )


async def earlier_results(
    db: Connection | Database, batch: str, nth: int
) -> dict[str, EarlierResult]:
    """Return the results of the tasks of a review before it, by the client's ids of the tasks."""
    rows = await db.rows(
        """select t.name, r.was, r.was_confidence::float8 as confidence from review_item r join task t on t.id = r.task_id
           where r.batch_id = $1 and r.round = $2""",
        batch,
        nth,
    )
    return {row["name"]: EarlierResult(row["was"], row["confidence"]) for row in rows}


async def finish(db: Connection, batch: str, nth: int, tasks: Sequence[ReviewedTask]) -> None:
    """Store what the reviewers found, and let it decide the tasks that they are sure of.

    A task that a person decided meanwhile keeps that decision.
    """
    given = (
        [one.task for one in tasks],
        [one.value for one in tasks],
        [one.confidence for one in tasks],
        [one.decided for one in tasks],
    )
    await db.execute(
        """update review_item r set value = n.value, confidence = n.confidence, decided = n.decided, reviewed_at = now()
           from unnest($3::text[], $4::text[], $5::real[], $6::boolean[]) as n(name, value, confidence, decided)
             join task t on t.batch_id = $1 and t.name = n.name and t.gold is null
           where r.task_id = t.id and r.round = $2""",
        batch,
        nth,
        *given,
    )
    await db.execute(
        f"""update task t set state = case when n.decided then 'decided' else 'review' end, value = n.value,
             confidence = n.confidence, rule = '{REVIEW}', decided_at = now()
           from unnest($2::text[], $3::text[], $4::real[], $5::boolean[]) as n(name, value, confidence, decided)
           where t.batch_id = $1 and t.name = n.name and t.gold is null and t.state in ('decided', 'review')
             and {NOT_FINAL.format(task="t")}""",
        batch,
        *given,
    )
