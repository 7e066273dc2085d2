"""The deadlines of batches: what happens when one has passed.

No worker is asked a new question then. A question that a worker holds may still be answered as
long as she holds it, and is paid. Tasks that are left are judged by the answers that they have,
and a task without any is cancelled. The batch then closes like any other.
"""

import structlog

from gateway.base import logs
from gateway.base.failpoints import reach
from gateway.steps.batches.checks.paid_check import follow_batch
from gateway.steps.precedence import wait_for_phones
from gateway.steps.quality.rejudge import rejudge
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import tallies
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, changes, deadlines
from gateway.store.quality import rejudging
from gateway.tasks.life.choices import PAUSE

log = structlog.get_logger()

_SLICE, _AT_ONCE = 500, 100


async def end_at_deadlines(rt: Runtime) -> int:
    """Pause or end every batch whose deadline has passed, and return their number."""
    due = await deadlines.passed(rt.db, rt.clock.now(), _AT_ONCE)
    for batch in due:
        with logs.bound(batch=batch):
            await _end(rt, await rt.batches.fresh(batch))
    if due:
        rt.jobs.enqueue("close")
    return len(due)


async def _end(rt: Runtime, batch: Batch) -> None:
    if not await until_settled(lambda: _stopped(rt, batch)):
        return
    reach("deadline.stopped")
    # Later answers are judged by the batch as it is now.
    batch = await rt.batches.fresh(batch.id)
    while await until_settled(lambda: _settled_some(rt, batch)):
        reach("deadline.settled")
        await wait_for_phones(rt)


async def _stopped(rt: Runtime, batch: Batch) -> bool:
    """Pause the batch, or stop asking. Return whether it now ends."""
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        row = await deadlines.lock_ending(db, batch.id, now)
        if row is None:
            return False
        if row.ends_at is not None:
            return True
        before = {"state": row.state}
        if row.at_deadline == PAUSE:
            if row.state == "running":
                await batch_state.set_state(db, batch.id, "paused")
                await follow_batch(db, batch.id, "paused")
                await changes.record_change(
                    db,
                    batch.id,
                    "deadline",
                    actor=changes.GATEWAY,
                    before=before,
                    after={"state": "paused"},
                )
            return False
        held = await deadlines.stop_asking(db, batch.id, now)
        after: dict[str, object] = {"state": row.state, "ends": True, "asked_now": held}
        await changes.record_change(
            db, batch.id, "deadline", actor=changes.GATEWAY, before=before, after=after
        )
    log.info("a deadline has passed", batch=batch.id, held=held)
    return True


async def _settled_some(rt: Runtime, batch: Batch) -> int:
    """Judge some tasks by the answers that they have; return how many were left."""
    async with rt.db.transaction() as db:
        await batch_state.locked_state(db, batch.id)
        rows = await rejudging.ended_tasks(db, batch.id, _SLICE)
        await rejudge(rt, db, batch, rows, running=False)
        gone = await deadlines.cancel_unanswered(db, batch.id, _SLICE)
        if rows or gone:
            await tallies.count_anew(db, batch.id)
    return len(rows) + gone
