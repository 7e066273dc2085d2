"""The election of one leader: a PostgreSQL advisory lock, held as long as its connection lives."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from gateway.store.db import AWAY, Database

_TICKER_LOCK = 7_301_002


@asynccontextmanager
async def leading(db: Database) -> AsyncGenerator[bool]:
    """Yield whether this process leads. The lead ends with the block or with the connection."""
    async with alone(db, _TICKER_LOCK) as leads:
        yield leads


@asynccontextmanager
async def alone(db: Database, lock: int) -> AsyncGenerator[bool]:
    """Yield whether this process holds a lock. It ends with the block or with the connection."""
    async with db.connection() as connection:
        held: bool = await connection.value("select pg_try_advisory_lock($1)", lock)
        try:
            yield held
        finally:
            if held:
                with suppress(*AWAY):  # The lock is gone with its connection.
                    await connection.value("select pg_advisory_unlock($1)", lock)
