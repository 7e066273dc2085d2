"""Lessons that were assigned because of mistakes in gold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection
from gateway.store.quality.lessons import because
from gateway.tasks.lessons.lesson import Mistake


@dataclass(frozen=True, slots=True)
class FailedLesson:
    """An assigned lesson that did not help, and how to reach its worker."""

    id: int
    worker: WorkerId
    kind: str
    failures: int
    name: str
    language: str
    channel: str
    sealed: bytes


async def worst_mistake(db: Connection, worker: int, kind: str) -> Mistake | None:
    """Return the mistake that a worker made most often in gold of a kind during her trial."""
    row = await db.row(
        """select t.gold as right, a.value as said, count(*) as times
           from (select x.task_id, x.value from answer x where x.worker_id = $1 and x."right" = false
               order by x.id desc limit 50) a
             join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           where b.kind = $2 and t.gold is not null
           group by t.gold, a.value order by count(*) desc, t.gold, a.value limit 1""",
        worker,
        kind,
    )
    return Mistake(row["right"], row["said"]) if row else None


async def completed_since(db: Connection, worker: int, kind: str, since: datetime) -> bool:
    """Return whether a worker was assigned a lesson of this kind before, since that time."""
    return await db.value(
        """select exists (select from relearning r where r.worker_id = $1 and r.kind = $2
             and (r.status = 'assigned' or r.completed_at > $3))""",
        worker,
        kind,
        since,
    )


async def assign(db: Connection, worker: int, kind: str, mistake: Mistake, failures: int) -> None:
    """Assign a lesson. One that is assigned already gets the newer mistake, and has failed."""
    await db.execute(
        """insert into relearning as r (worker_id, kind, because, failures) values ($1, $2, $3, $4)
           on conflict (worker_id, kind) where status = 'assigned' do update
             set because = excluded.because, failures = greatest(r.failures + 1, excluded.failures)""",
        worker,
        kind,
        because(mistake),
        failures,
    )


async def without_call(db: Connection, failures: int) -> Sequence[FailedLesson]:
    """Mark the assigned lessons that failed so often, and return them, each once."""
    rows = await db.rows(
        """update relearning r set call_asked_at = now() from worker w
           where r.status = 'assigned' and r.call_asked_at is null and r.failures >= $1 and w.id = r.worker_id
           returning r.id, r.worker_id, r.kind, r.failures, w.name, w.language, w.sms_channel, w.msisdn_sealed""",
        failures,
    )
    return [
        FailedLesson(
            row["id"],
            WorkerId(row["worker_id"]),
            row["kind"],
            row["failures"],
            row["name"],
            row["language"],
            row["sms_channel"],
            row["msisdn_sealed"],
        )
        for row in rows
    ]


async def lapse(db: Connection, worker: int, kind: str) -> None:
    """End an assigned lesson that was the gateway's mistake."""
    await db.execute(
        "update relearning set status = 'lapsed' where worker_id = $1 and kind = $2 and status = 'assigned'",
        worker,
        kind,
    )
