"""The flag that says that workers wait for replies, so that background work must rest.

The processes that answer workers raise it, and everything that must then rest reads it. Redis
forgets it after some seconds. While Redis is away, no background work rests.
"""

# redis-py is only partly typed.
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
# No reply to a worker may wait longer than this for Redis.
_REDIS_S = 1.0


class Backpressure:
    """The flag as one process sees it. Without a Redis it knows of this process only."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis: Redis | None = redis_at(redis_url) if redis_url else None
        self._until, self._read_at, self._told_at = 0.0, 0.0, 0.0

    async def tell(self) -> None:
        """Raise the flag, so that background work rests for some seconds."""
        now = time.monotonic()
        self._until = now + TOLD_FOR_S
        if self._redis is None or now - self._told_at < _READ_EVERY_S:
            return
        self._told_at = now
        await self._ask(self._redis, tell=True)

    async def phones_wait(self) -> bool:
        """Return whether workers wait for replies at the moment."""
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
            log.warning("cannot tell whether workers wait for replies", why=repr(away))
            return False
