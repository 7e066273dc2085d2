"""Whether phones have to wait: told by the processes that answer them, read by everything that must then rest.

It stands in Redis for some seconds, so it is forgotten by itself; where Redis is away, nothing rests.
"""

# redis-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import time

import structlog
from redis import Redis
from redis.exceptions import RedisError

from gateway.queue.bells import redis_at

log = structlog.get_logger()

KEY = "gateway:phones-wait"
TOLD_FOR_S = 3
_READ_EVERY_S = 0.5
# Nothing may wait for Redis here.
_REDIS_S = 1.0


class Pressure:
    """One process's view. Without a Redis it knows what was told in this process only."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis: Redis | None = redis_at(redis_url) if redis_url else None
        self._until, self._read_at, self._told_at = 0.0, 0.0, 0.0

    async def tell(self) -> None:
        """Let everything else rest for some seconds."""
        now = time.monotonic()
        self._until = now + TOLD_FOR_S
        if self._redis is None or now - self._told_at < _READ_EVERY_S:
            return
        self._told_at = now
        await self._ask(self._redis, tell=True)

    async def phones_wait(self) -> bool:
        """Whether phones have to wait just now."""
        now = time.monotonic()
        if now < self._until:
            return True
        if self._redis is None or now - self._read_at < _READ_EVERY_S:
            return False
        self._read_at = now
        if await self._ask(self._redis, tell=False):
            self._until = now + _READ_EVERY_S
            return True
        return False

    async def _ask(self, redis: Redis, *, tell: bool) -> bool:
        try:
            async with asyncio.timeout(_REDIS_S):
                if tell:
                    return bool(await asyncio.to_thread(redis.set, KEY, b"1", ex=TOLD_FOR_S))
                return bool(await asyncio.to_thread(redis.exists, KEY))
        except (RedisError, OSError, TimeoutError) as away:
            log.warning("nobody knows whether phones wait", why=repr(away))
            return False
