"""One of many leads: a PostgreSQL advisory lock, held as long as its connection lives."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from gateway.store.db import AWAY, Database

_TICKER_LOCK = 7_301_002


@asynccontextmanager
async def leading(db: Database) -> AsyncGenerator[bool]:
    """Whether this process leads; the lead ends with the block or with the connection."""
    async with db.connection() as connection:
        leads: bool = await connection.fetchval("select pg_try_advisory_lock($1)", _TICKER_LOCK)
        try:
            yield leads
        finally:
            if leads:
                with suppress(*AWAY):  # gone with its connection
                    await connection.fetchval("select pg_advisory_unlock($1)", _TICKER_LOCK)
