"""The job that counts large batches once in a while, so that no reader waits for the count."""

import structlog

from gateway.steps.runtime import Runtime
from gateway.store.batches import tallies

log = structlog.get_logger()


async def count_batches(rt: Runtime) -> int:
    """Count the large batches that are due and return their number."""
    batches = await tallies.due_batches(rt.db, rt.clock.now())
    for batch in batches:
        took = await tallies.count_batch(rt.db, batch)
        log.info("batch counted", batch=batch, ms=round(took.total_seconds() * 1000))
    return len(batches)
