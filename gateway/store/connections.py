"""Connections of asyncpg's pool, kept open between two uses.

asyncpg's pool resets a connection, sets a timer and makes a proxy for each use. For a statement by
key, that costs twice as much as the statement itself, and a turn uses a connection twice. Each call
through a proxy costs as well, so a block uses the connection behind it.
"""

# asyncpg is only partly typed; see gateway.store.db.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportAttributeAccessIssue=false

from typing import cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy


class PooledConnections:
    """The connections of a pool. The one that was used last is used next."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._idle: list[tuple[PoolConnectionProxy, asyncpg.Connection]] = []
        self._waiting = 0

    async def take(self) -> tuple[PoolConnectionProxy, asyncpg.Connection]:
        """Return a connection with the pool's proxy of it, and wait when all are in use."""
        while self._idle:
            taken = self._idle.pop()
            if not taken[1].is_closed():
                return taken
            await self._pool.release(taken[0])
        self._waiting += 1
        try:
            proxy = await self._pool.acquire()
        finally:
            self._waiting -= 1
        # asyncpg has no public name for the connection behind its proxy.
        return proxy, cast("asyncpg.Connection", proxy._con)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def give_back(
        self, taken: tuple[PoolConnectionProxy, asyncpg.Connection], *, sound: bool
    ) -> None:
        """Keep a connection for its next use, or return it to the pool.

        The pool gets a connection that is not sound (a statement failed or was cut off). It then
        waits for the end of the statement, or closes the connection. The pool also gets the
        connection when other tasks wait for the pool.
        """
        if sound and not self._waiting and not taken[1].is_closed():
            self._idle.append(taken)
        else:
            await self._pool.release(taken[0])

    async def close(self) -> None:
        """Close all connections, once those in use are returned."""
        while self._idle:
            await self._pool.release(self._idle.pop()[0])
        self._waiting += 1  # A connection in use goes back to the pool, which waits for it.
        await self._pool.close()


class using:  # noqa: N801  # reads as a word in `async with using(...)`
    """A connection for the length of a block."""

    __slots__ = ("_connections", "_taken")

    def __init__(self, connections: PooledConnections) -> None:
        self._connections = connections

    async def __aenter__(self) -> asyncpg.Connection:
        self._taken = await self._connections.take()
        return self._taken[1]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        await self._connections.give_back(self._taken, sound=kind is None)
