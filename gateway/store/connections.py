"""Connections of asyncpg's pool, kept open between two uses.

asyncpg's pool resets a connection, sets a timer and makes a proxy for each use. For a statement by
key, that costs twice as much as the statement itself, and a turn uses a connection twice.
"""

# asyncpg is only partly typed; see gateway.store.db.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportAttributeAccessIssue=false

import asyncpg
from asyncpg.pool import PoolConnectionProxy


class PooledConnections:
    """The connections of a pool. The one that was used last is used next."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._idle: list[PoolConnectionProxy] = []
        self._waiting = 0

    async def take(self) -> PoolConnectionProxy:
        """Return a connection, and wait for one when all are in use."""
        while self._idle:
            connection = self._idle.pop()
            if _is_open(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def give_back(self, connection: PoolConnectionProxy, *, sound: bool) -> None:
        """Keep a connection for its next use, or return it to the pool.

        The pool gets a connection that is not sound (a statement failed or was cut off). It then
        waits for the end of the statement, or closes the connection. The pool also gets the
        connection when other tasks wait for the pool.
        """
        if sound and not self._waiting and _is_open(connection):
            self._idle.append(connection)
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections, once those in use are returned."""
        while self._idle:
            await self._pool.release(self._idle.pop())
        self._waiting += 1  # A connection in use goes back to the pool, which waits for it.
        await self._pool.close()


def _is_open(connection: PoolConnectionProxy) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # The server closed it, and the pool has already taken it back.
        return False


class using:  # noqa: N801  # reads as a word in `async with using(...)`
    """A connection for the length of a block."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: PooledConnections) -> None:
        self._connections = connections

    async def __aenter__(self) -> PoolConnectionProxy:
        self._connection = await self._connections.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        await self._connections.give_back(self._connection, sound=kind is None)
