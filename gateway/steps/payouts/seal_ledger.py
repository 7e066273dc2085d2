"""The sealing of the ledger's new history, once per minute.

Each seal is a link of a hash chain over the whole history. Once per day the numbers of
`controls.tell` get its head.
"""

import asyncpg
import structlog

from gateway.base.failpoints import reach
from gateway.steps.messages.notify_outside import day_head
from gateway.steps.runtime import Runtime
from gateway.store.ledger import seals

log = structlog.get_logger()


async def seal(rt: Runtime) -> int:
    """Seal the unsealed history and return the number of seals.

    Where another process was faster nothing happens: the job is enqueued again.
    """
    try:
        sealed = await seals.seal(rt.db, rt.clock.now())
    except asyncpg.UniqueViolationError:
        log.info("another sealer was faster")
        return 0
    reach("seal.sealed")
    await day_head(rt)
    return sealed
