"""The tasks in review: their answers, and the decisions of persons."""

from dataclasses import dataclass

from gateway.store.db import Connection, Database, Row

PERSON = "person"
"""The rule of a result that a person decided. No estimate changes it."""
REVIEW, AUDIT = "review", "audit"
"""The rules of results that paid reviewers found, and that an audit corrected."""
NOT_FINAL = f"coalesce({{task}}.rule, '') not in ('{PERSON}', '{REVIEW}', '{AUDIT}')"
"""The condition that an estimate may change the result of a task."""


async def tasks_in_review(db: Database, batch: str | None = None, limit: int = 200) -> list[Row]:
    """Return the tasks in review, oldest first, each with its answers in order."""
    return await db.rows(
        """select t.batch_id, t.name, t.text, t.value, t.confidence, t.rule, t.rule = 'ambiguous' as ambiguous, t.decided_at,
             b.state as batch_state,
             (select count(*) from task g where g.batch_id = b.id and g.gold is not null and g.promoted_from is null
                and g.answered > 0) as gold_answered,
             (select array_agg(a.value order by a.id) from answer a where a.task_id = t.id and not a.void) as answers
           from task t join batch b on b.id = t.batch_id where t.state = 'review' and ($1::text is null or t.batch_id = $1)
           order by t.decided_at, t.id limit $2""",
        batch,
        limit,
    )


async def store_review_decision(db: Connection, batch: str, task: str, value: str, by: str) -> bool:
    """Decide a task. Return False when it is not in review (any more)."""
    return bool(
        await db.value(
            """with done as (
                 update task set state = 'decided', value = $3, confidence = 1, rule = 'person', decided_by = $4,
                   decided_at = now()
                 where batch_id = $1 and name = $2 and state = 'review' returning id)
               select true from done, note_decision('review', $4, null, done.id, null, true)""",
            batch,
            task,
            value,
            by,
        )
    )


async def state_of(db: Connection, batch: str, task: str) -> str | None:
    """Return the state of a batch's task, or None when there is no such task."""
    return await db.value(
        "select state from task where batch_id = $1 and name = $2 and gold is null", batch, task
    )


async def value_of(db: Database, batch: str, task: str) -> str | None:
    """Return the best value of a batch's task so far, or None when there is none."""
    return await db.value(
        "select value from task where batch_id = $1 and name = $2 and gold is null", batch, task
    )


@dataclass(frozen=True, slots=True)
class LockedResult:
    """The present result of a task: its value, its state, and whether a person decided it."""

    task: int
    value: str | None
    state: str
    by_person: bool


async def lock_result(db: Connection, batch: str, task: str) -> LockedResult | None:
    """Return the result of a real task by the client's id for it, locked, or None."""
    row = await db.row(
        """select id as task, value, state, rule is not distinct from 'person' as by_person from task
           where batch_id = $1 and name = $2 and gold is null for update""",
        batch,
        task,
    )
    return LockedResult(**row) if row else None


async def overturn(db: Connection, task: int, value: str, by: str) -> None:
    """Give a task the result of a person. A question that a worker holds is withdrawn."""
    await db.execute(
        """select release_task(h.id, 'withdrawn') from (
             select id from assignment where task_id = $1 and state = 'held' order by id) h""",
        task,
    )
    await db.execute(
        """update task set state = 'decided', value = $2, confidence = 1, rule = 'person', decided_by = $3,
             skill_wanted = null, decided_at = coalesce(decided_at, now()) where id = $1""",
        task,
        value,
        by,
    )


@dataclass(frozen=True, slots=True)
class Related:
    """The tasks that hold the same truth: a result, or gold that was made of it."""

    name: str
    gold: bool


async def related(db: Database, task: int) -> list[Related]:
    """Return the task of which this gold was made, and the gold that was made of this task."""
    rows = await db.rows(
        """select o.name, o.gold is not null as gold from task t join task o on o.id = t.promoted_from or o.promoted_from = t.id
           where t.id = $1 order by o.id""",
        task,
    )
    return [Related(**row) for row in rows]


async def gold_truth(db: Database, batch: str, task: str) -> str | None:
    """Return the present truth of a gold task by the client's id for it."""
    return await db.value("select gold from task where batch_id = $1 and name = $2", batch, task)
