"""The sealing of the ledger's new history, once per minute.

Each seal is a link of a hash chain over the whole history. Once per day the numbers of
`controls.tell` get its head.
"""

import asyncpg
import structlog

from gateway.base.failpoints import reach
from gateway.steps.messages.notify_outside import day_head
from gateway.steps.runtime import Runtime
from gateway.store.ledger import day_sums, record_seals, seals

log = structlog.get_logger()


async def seal(rt: Runtime) -> int:
    """Seal the unsealed history, add it to the sums by day, and return the number of seals.

    Where another process was faster nothing happens: the job is enqueued again.
    """
    try:
        sealed = await seals.seal(rt.db, rt.clock.now())
    except asyncpg.UniqueViolationError:
        log.info("another sealer was faster")
        return 0
    reach("seal.sealed")
    await day_sums.sum_up(rt.db)
    await seal_records(rt)
    await day_head(rt)
    return sealed


async def seal_records(rt: Runtime) -> int:
    """Seal the new transfers, answers and consents with the gateway's key, a part at a time.

    Return the number of seals.
    """
    try:
        return await record_seals.seal(rt.db, rt.vault.stamp, rt.clock.now())
    except asyncpg.UniqueViolationError:
        log.info("another sealer was faster")
        return 0
