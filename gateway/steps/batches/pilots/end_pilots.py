"""The job that pauses a batch whose pilot has all its answers."""

from dataclasses import asdict
from typing import Any

from gateway.base import logs
from gateway.base.ids import BatchId
from gateway.steps.batches.checks.paid_check import follow_batch
from gateway.steps.batches.pilots.learnt import Learnt, learnt
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_tasks, batches, pilots
from gateway.store.batches.life import batch_state
from gateway.store.batches.pilots import Pilot


async def end_pilots(rt: Runtime) -> int:
    """Pause each batch whose pilot has all its answers, and return their number.

    What was learnt is kept with the pilot. Questions that are still open are accepted and paid.
    """
    found = await pilots.finished(rt.db)
    for batch in found:
        with logs.bound(batch=batch):
            await until_settled(lambda batch=batch: _end(rt, batch))
    return len(found)


async def _end(rt: Runtime, batch: str) -> None:
    pilot = await pilots.of_batch(rt.db, batch)
    assert pilot is not None
    told = _told(await _learnt(rt, pilot), await rt.batches.get(batch))
    async with rt.db.transaction() as db:
        if await batch_state.locked_state(db, batch) != "running":
            return
        if await pilots.end(db, batch, told, rt.clock.now()):
            await batch_state.set_state(db, BatchId(batch), "paused")
            await follow_batch(db, batch, "paused")


async def _learnt(rt: Runtime, pilot: Pilot) -> Learnt:
    tasks = await pilots.tasks_of(rt.db, pilot)
    counts = await batch_tasks.counts(rt.db, BatchId(pilot.batch))
    seconds = (rt.clock.now() - pilot.began_at).total_seconds()
    return learnt(tasks, left=counts["tasks"] - len(tasks), seconds=seconds)


def _told(found: Learnt, batch: batches.Batch) -> dict[str, Any]:
    """Return what was learnt with its cost, as it is kept and shown."""
    return asdict(found) | {
        "currency": batch.currency,
        "spent_minor": found.answers * batch.price_minor,
        "projected_minor": found.answers_projected * batch.price_minor,
    }
