"""Once a minute the ledger's new history is sealed: a link of the hash chain over all of it."""

import asyncpg
import structlog

from gateway.failpoints import reach
from gateway.runtime import Runtime
from gateway.store import seals

log = structlog.get_logger()


async def seal(rt: Runtime) -> int:
    """Seal what is not sealed yet; how many seals. Where another sealer was faster nothing happens: the bell rings again."""
    try:
        sealed = await seals.seal(rt.db, rt.clock.now())
    except asyncpg.UniqueViolationError:
        log.info("another sealer was faster")
        return 0
    reach("seal.sealed")
    return sealed
