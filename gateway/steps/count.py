"""Large batches are counted once in a while, so that nobody who looks at one has to wait for the count."""

import structlog

from gateway.runtime import Runtime
from gateway.store import tallies

log = structlog.get_logger()


async def count(rt: Runtime) -> int:
    """Count the large batches that are due; return how many."""
    batches = await tallies.due(rt.db, rt.clock.now())
    for batch in batches:
        took = await tallies.count(rt.db, batch)
        log.info("batch counted", batch=batch, ms=round(took.total_seconds() * 1000))
    return len(batches)
