"""The readiness check of a process: the database and this machine's disk must take a write.

A full disk can still be read, so reading would not detect it. Redis is reported but does not make a
process unready. Without it phones are answered, and other waiting work is found by its rows when
Redis is back.
"""

import asyncio
from dataclasses import dataclass

from gateway.base.errors import Failed
from gateway.steps.runtime import Runtime
from gateway.store.db import check_write
from gateway.store.turns.spool import Spool

_KEPT_S = 0.25
_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """The state that /readyz reports. `why` lists the failures, and `slowed` the tolerable ones."""

    why: tuple[str, ...]
    slowed: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Return whether events can be taken and stored."""
        return not self.why


class Readiness:
    """The state of one process, checked only a few times per second under any load."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._spool = Spool(rt.settings.data_dir / "spool")
        self._checking: asyncio.Task[ReadinessReport] | None = None
        self._checked_at = 0.0

    async def state(self) -> ReadinessReport:
        """Return the current state."""
        now = asyncio.get_running_loop().time()
        running = self._checking
        if running is None or (running.done() and now - self._checked_at > _KEPT_S):
            self._checked_at = now
            running = self._checking = asyncio.create_task(self._check())
        return await asyncio.shield(running)

    async def _check(self) -> ReadinessReport:
        database, disk, redis = await asyncio.gather(self._database(), self._disk(), self._redis())
        return ReadinessReport(
            tuple(why for why in (database, disk) if why), (redis,) if redis else ()
        )

    async def _database(self) -> str:
        try:
            await check_write(self._rt.db)
        except Failed as bad:
            return str(bad)
        return ""

    async def _disk(self) -> str:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await asyncio.to_thread(self._spool.check_room)
        except (OSError, TimeoutError) as bad:
            return f"the disk takes no write: {bad or 'timeout'}"
        return ""

    async def _redis(self) -> str:
        try:
            async with asyncio.timeout(_LIMIT_S):
                away = await self._rt.jobs.away()
        except TimeoutError:
            away = "timeout"
        return f"Redis does not answer, replies come late: {away}" if away else ""
