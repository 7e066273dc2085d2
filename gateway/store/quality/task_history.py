"""All rows about one task, which explain how its result came about."""

from gateway.store.db import Database, Row


async def of_task(db: Database, batch: str, task: str) -> Row | None:
    return await db.row(
        """select t.id, t.text, t.gold, t.state, t.value, t.confidence, t.rule, t.ruling, t.decided_by, t.decided_at,
             t.maximum, t.skill_wanted, t.better_until, p.code as kept_for, b.state as batch_state, b.better, b.better_by_sms
           from task t join batch b on b.id = t.batch_id left join partner p on p.id = t.kept_for
           where t.batch_id = $1 and t.name = $2""",
        batch,
        task,
    )


async def corrections(db: Database, batch: str, task: int, name: str) -> list[Row]:
    """Return the corrections that were about a task or changed it, oldest first."""
    return await db.rows(
        """select created_at as at, was, becomes, by, reason from correction c
           where c.task_id = $2 or c.batch_id = $1 and (
             c.diff->'decisions' @> jsonb_build_array(jsonb_build_object('task', $3::text))
             or c.diff->'moved' @> jsonb_build_array(jsonb_build_object('task', $3::text)))
           order by c.id""",
        batch,
        task,
        name,
    )


async def asked(db: Database, task: int) -> list[Row]:
    """Return the assignments of a task: every worker to whom it was put."""
    return await db.rows(
        """select worker_id, via, state, asked_at, delivered_at from assignment where task_id = $1
           order by asked_at, id""",
        task,
    )


async def answers(db: Database, task: int) -> list[Row]:
    """Return the answers of a task in order, each with the current facts about its worker."""
    return await db.rows(
        """select a.worker_id, a.value, a.said, a.via, a.price, a.created_at, a.judged, a.void,
             coalesce(s."right" * kept(s.learned_at), 0) as right, coalesce(s.wrong * kept(s.learned_at), 0) as wrong
           from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
             left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
           where a.task_id = $1 order by a.id""",
        task,
    )
