"""Once a minute the ledger's new history is sealed: a link of the hash chain over all of it."""

import asyncpg
import structlog

from gateway.runtime import Runtime
from gateway.store import seals

log = structlog.get_logger()


async def seal(rt: Runtime) -> int:
    """Seal what is not sealed yet; how many seals. Where another sealer was faster, or writers are too busy to be held off, nothing happens: the bell rings again."""
    try:
        return await seals.seal(rt.db, rt.clock.now())
    except (asyncpg.LockNotAvailableError, asyncpg.UniqueViolationError) as later:
        log.info("sealed later", why=str(later).splitlines()[0])
        return 0
