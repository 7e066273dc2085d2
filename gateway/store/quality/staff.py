"""The quality staff of partners: workers whom a partner lets review for it."""

from dataclasses import dataclass
from datetime import datetime

from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class QualityStaff:
    """A worker of a partner's quality staff."""

    worker: int
    """The worker's id."""
    name: str
    """The worker's name."""
    partner: str
    """The partner's code."""
    added_by: str
    """The person who added her."""
    reason: str
    """The reason."""
    added_at: datetime
    """The time."""


async def listed(db: Database) -> list[QualityStaff]:
    """Return the quality staff of all partners."""
    rows = await db.rows(
        """select q.worker_id as worker, w.name, p.code as partner, q.added_by, q.reason, q.added_at
           from quality_staff q join worker w on w.id = q.worker_id join partner p on p.id = q.partner_id
           where q.removed_at is null order by p.code, w.id"""
    )
    return [QualityStaff(**dict(row)) for row in rows]


async def add(db: Connection, worker: int, by: str, reason: str) -> str | None:
    """Add a worker to the staff of her partner.

    Return the partner's code, or None where she has no partner or belongs to the staff already.
    """
    return await db.value(
        """insert into quality_staff (worker_id, partner_id, added_by, reason)
             select w.id, w.partner_id, $2, $3 from worker w where w.id = $1 and w.partner_id is not null
           on conflict (worker_id) where removed_at is null do nothing
           returning (select p.code from partner p where p.id = partner_id)""",
        worker,
        by,
        reason,
    )


async def remove(db: Connection, worker: int, by: str, reason: str) -> bool:
    """Remove a worker from the staff. Return False when she does not belong to it."""
    return bool(
        await db.value(
            """update quality_staff set removed_by = $2, removed_because = $3, removed_at = now()
               where worker_id = $1 and removed_at is null returning true""",
            worker,
            by,
            reason,
        )
    )


async def direct_to_staff(db: Connection, batch: str, partner: str, answers: int) -> int:
    """Address the questions of a review to a partner's quality staff; return their number.

    Each question goes to a different order of workers, so that the work is distributed. A question
    that too few of them may answer stays open to all workers with the skill.
    """
    await db.execute(
        """insert into directed (task_id, worker_id, position, batch_position)
           select f.task, f.worker, f.nth - 1, f.position from (
             select t.id as task, w.id as worker, t.position, count(*) over (partition by t.id) as number,
               row_number() over (partition by t.id order by hashint8(t.id # w.id)) as nth
             from batch b join task t on t.batch_id = b.id and t.gold is null
               join partner p on p.code = $2 join quality_staff q on q.partner_id = p.id and q.removed_at is null
               join worker w on w.id = q.worker_id and w.state = 'active' and w.currency = b.currency
                 and (b.languages = '{}' or w.language = any(b.languages))
             where b.id = $1 and not exists (select from assignment a where a.task_id = t.id and a.worker_id = w.id)) f
           where f.number >= $3""",
        batch,
        partner,
        answers,
    )
    done = await db.execute(
        """update task set directed = true, skill_wanted = null where batch_id = $1 and gold is null
             and id in (select d.task_id from directed d)""",
        batch,
    )
    return int(done.split()[-1])
