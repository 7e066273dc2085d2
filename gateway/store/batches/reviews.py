"""The tasks in review: their answers, and the decisions of persons."""

from gateway.store.db import Database, Row

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


async def store_review_decision(db: Database, batch: str, task: str, value: str, by: str) -> bool:
    """Decide a task. Return False when it is not in review (any more)."""
    return bool(
        await db.value(
            """update task set state = 'decided', value = $3, confidence = 1, rule = 'person', decided_by = $4,
                 decided_at = now()
               where batch_id = $1 and name = $2 and state = 'review' returning id""",
            batch,
            task,
            value,
            by,
        )
    )


async def state_of(db: Database, batch: str, task: str) -> str | None:
    """Return the state of a batch's task, or None when there is no such task."""
    return await db.value(
        "select state from task where batch_id = $1 and name = $2 and gold is null", batch, task
    )
