"""Once a minute the ledger's new history is sealed: a link of the hash chain over all of it; once a day people outside get its head."""

import asyncpg
import structlog

from gateway.base.failpoints import reach
from gateway.steps.messages.notify_outside import day_head
from gateway.steps.runtime import Runtime
from gateway.store.ledger import seals

log = structlog.get_logger()


async def seal(rt: Runtime) -> int:
    """Seal what is not sealed yet; how many seals.

    Where another sealer was faster nothing happens: the bell rings again.
    """
    try:
        sealed = await seals.seal(rt.db, rt.clock.now())
    except asyncpg.UniqueViolationError:
        log.info("another sealer was faster")
        return 0
    reach("seal.sealed")
    await day_head(rt)
    return sealed
