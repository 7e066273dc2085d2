"""All rows about one task, which explain how its result came about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.db import Database


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """A task with its result and the rule behind it."""

    id: int
    text: str
    gold: str | None
    state: str
    value: str | None
    confidence: float | None
    rule: str | None
    ruling: str | None
    decided_by: str | None
    decided_at: datetime | None
    maximum: int
    skill_wanted: float | None
    better_until: datetime | None
    kept_for: str | None
    """The code of the partner for whom the task is kept, if any."""
    batch_state: str
    better: float | None
    better_by_sms: float | None


async def of_task(db: Database, batch: str, task: str) -> TaskHistory | None:
    row = await db.row(
        """select t.id, t.text, t.gold, t.state, t.value, t.confidence, t.rule, t.ruling, t.decided_by, t.decided_at,
             t.maximum, t.skill_wanted, t.better_until, p.code as kept_for, b.state as batch_state, b.better, b.better_by_sms
           from task t join batch b on b.id = t.batch_id left join partner p on p.id = t.kept_for
           where t.batch_id = $1 and t.name = $2""",
        batch,
        task,
    )
    return TaskHistory(**row) if row else None


@dataclass(frozen=True, slots=True)
class TaskCorrection:
    """A correction that was about a task or changed it."""

    at: datetime
    was: str
    becomes: str
    by: str
    reason: str


async def corrections(db: Database, batch: str, task: int, name: str) -> list[TaskCorrection]:
    """Return the corrections that were about a task or changed it, oldest first."""
    rows = await db.rows(
        """select created_at as at, was, becomes, by, reason from correction c
           where c.task_id = $2 or c.batch_id = $1 and (
             c.diff->'decisions' @> jsonb_build_array(jsonb_build_object('task', $3::text))
             or c.diff->'moved' @> jsonb_build_array(jsonb_build_object('task', $3::text)))
           order by c.id""",
        batch,
        task,
        name,
    )
    return [TaskCorrection(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class ReopenedResult:
    """A result that a task had before it was opened again."""

    state: str
    value: str | None
    confidence: float | None
    rule: str | None
    decided_at: datetime | None
    reopened_at: datetime
    reopened_by: str


async def earlier_results(db: Database, task: int) -> list[ReopenedResult]:
    """Return the results that a task had before it was opened again, oldest first."""
    rows = await db.rows(
        """select e.state, e.value, e.confidence, e.rule, e.decided_at, c.at as reopened_at, c.actor as reopened_by
           from earlier_result e join batch_change c on c.id = e.change_id where e.task_id = $1 order by e.change_id""",
        task,
    )
    return [ReopenedResult(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class AskedWorker:
    """A worker to whom a task was put, and what became of it."""

    worker_id: int
    via: str
    state: str
    asked_at: datetime
    delivered_at: datetime | None


async def asked(db: Database, task: int) -> list[AskedWorker]:
    """Return the assignments of a task: every worker to whom it was put."""
    rows = await db.rows(
        """select worker_id, via, state, asked_at, delivered_at from assignment where task_id = $1
           order by asked_at, id""",
        task,
    )
    return [AskedWorker(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class AnswerHistory:
    """An answer to a task, with the current facts about its worker."""

    worker_id: int
    value: str
    said: str
    via: str
    price: int
    created_at: datetime
    judged: Any
    """The judgements that followed the answer, as they were stored."""
    void: bool
    right: float
    wrong: float


async def answers(db: Database, task: int) -> list[AnswerHistory]:
    """Return the answers of a task in order, each with the current facts about its worker."""
    rows = await db.rows(
        """select a.worker_id, a.value, a.said, a.via, a.price, a.created_at, a.judged, a.void,
             coalesce(s."right" * kept(s.learned_at), 0) as right, coalesce(s.wrong * kept(s.learned_at), 0) as wrong
           from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
             left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
           where a.task_id = $1 order by a.id""",
        task,
    )
    return [AnswerHistory(**row) for row in rows]
