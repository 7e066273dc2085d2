"""The reason why a worker who asks for a question receives none."""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Database


@dataclass(frozen=True, slots=True)
class NoWorkReasons:
    """The reasons that may explain why a worker has no question."""

    closing: bool
    until: datetime | None
    lesson: bool
    share: bool
    yields: bool
    held_up: bool


async def no_work_reasons(db: Database, worker: WorkerId) -> NoWorkReasons:
    """Return the possible reasons why there is no question for a worker.

    `until` is the end of her own pause, if work of that kind is running. `lesson` says that work
    waits behind a lesson that she has not passed, or that a lesson was assigned to her. `share`
    says that she has done her full share of all running batches. `yields` says that others who
    earned less come first for some minutes. `held_up` says that a batch on
    which she could work is paused. `closing` says that the gateway winds down.
    """
    row = await db.row(
        """select exists (select from wind_down) as closing,
             (select min(z.paused_until) from skill z join batch b on b.kind = z.kind
               where z.worker_id = w.id and z.paused_until > now() and b.state = 'running' and b.currency = w.currency) as until,
             exists (select from batch b where b.state = 'running' and b.currency = w.currency
               and (b.languages = '{}' or w.language = any(b.languages)) and b.needs_lesson
               and not has_learned(w.id, b.kind))
             or exists (select from relearning r where r.worker_id = w.id and r.status = 'assigned') as lesson,
             exists (select from batch b where b.state = 'running' and b.currency = w.currency
               and (b.languages = '{}' or w.language = any(b.languages)) and (b.worker_max > 0 or b.worker_day_max > 0)
               and room_left(w.id, b.id, b.worker_max, b.worker_day_max) < 1
               and exists (select from task t where t.batch_id = b.id and t.state = 'open' and t.gold is null
                 and t.position > b.low and not t.directed and not t.is_full)) as share,
             coalesce(w.yields_until > now(), false) as yields,
             exists (select from batch b where b.state = 'paused' and b.currency = w.currency
               and (b.languages = '{}' or w.language = any(b.languages))
               and exists (select from task t where t.batch_id = b.id and t.state = 'open' and t.gold is null
                 and (not t.directed or exists (select from directed d where d.task_id = t.id and d.worker_id = w.id and not d.asked)))
             ) as held_up
           from worker w where w.id = $1""",
        worker,
    )
    assert row is not None
    return NoWorkReasons(**row)
