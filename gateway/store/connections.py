"""Connections of asyncpg's pool, kept at hand between two uses.

asyncpg's pool resets a connection, sets a timer and makes a proxy for each use. For a statement by
its key that is twice the cost of the statement itself, and a turn uses a connection twice.
"""

# asyncpg is typed in parts only; see gateway.store.db.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportAttributeAccessIssue=false

import asyncpg
from asyncpg.pool import PoolConnectionProxy


class Connections:
    """The connections of a pool. The one that was used last is used next."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._idle: list[PoolConnectionProxy] = []
        self._waiting = 0

    async def take(self) -> PoolConnectionProxy:
        """Return a connection; wait for one where all are in use."""
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
        """Keep a connection for its next use.

        The pool gets it where it is not sound (a statement failed or was cut off: the pool waits
        for its end, or closes it), and where others wait for the pool.
        """
        if sound and not self._waiting and _is_open(connection):
            self._idle.append(connection)
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections, once those in use are given back."""
        while self._idle:
            await self._pool.release(self._idle.pop())
        self._waiting += 1  # what is still in use goes to the pool, which waits for it
        await self._pool.close()


def _is_open(connection: PoolConnectionProxy) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # the server closed it, and the pool has taken it back by itself
        return False


class using:  # noqa: N801  # reads as a word in `async with using(...)`
    """One connection for the length of a block."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def __aenter__(self) -> PoolConnectionProxy:
        self._connection = await self._connections.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        await self._connections.give_back(self._connection, sound=kind is None)
