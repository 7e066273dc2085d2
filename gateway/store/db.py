"""The database: one pool, one driver (asyncpg), and two ways to write.

`Database.write(writes)` writes a whole turn in one statement, and so in one round trip and one
commit. Each write is a call of a function in `store/sql/`. Either all are made or none.
`Database` (a pool) and `Connection` have the same methods.
`Database.transaction()` serves all other writers.
"""

# asyncpg is only partly typed; its types do not leave this file.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false, reportAttributeAccessIssue=false

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import orjson

from gateway.base.errors import Conflict, Failed, SettingsError
from gateway.base.redaction import redacted, remember_address, shown_address
from gateway.store.connections import PooledConnections, using

CONFLICT = "GW001"
REPEATED = "GW002"
TAKEN = "GW003"
_CONNECT_TIMEOUT_S = 10.0
_STATEMENT_TIMEOUT_MS = 60_000
_TURNS_MIN = 4
# The functions' statements always need the same plan, and planning each again costs more than
# running it. The server keeps the time-out: a timer per query in this process would cost more than
# the query's text.
_SETTINGS = f"""set plan_cache_mode = force_generic_plan; set statement_timeout = {_STATEMENT_TIMEOUT_MS};
set default_transaction_read_only = {{read_only}}"""

Row = Mapping[str, Any]

# The database is away, too busy or read-only at the moment, so the write may succeed later.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    # An administrator has closed the database for connections.
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InternalClientError,  # The connection was cut just as it was taken from the pool.
)


class Repeated(Exception):  # This is not an error: the event was here before.
    """The exception of a write for an event that the database has processed before."""


class ReceiptTaken(Exception):  # This is not an error of the gateway: the caller decides again.
    """A sign that a receipt, which must be unique to one payout, belongs to another payout."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a turn: a function of `store/sql/` and its arguments by name.

    A name is the function's parameter without its prefix `p_`.
    """

    function: str
    arguments: Mapping[str, object]


def statement(writes: Sequence[Write]) -> tuple[str, list[object]]:
    """Return one SELECT that makes every write.

    >>> statement([Write("a", {"x": 1, "y": 2}), Write("b", {"z": 3})])
    ('select a(p_x=>$1,p_y=>$2),b(p_z=>$3)', [1, 2, 3])
    """
    arguments = [argument for write in writes for argument in write.arguments.values()]
    return _calls(tuple((write.function, *write.arguments) for write in writes)), arguments


@lru_cache(maxsize=500)
def _calls(functions: tuple[tuple[str, ...], ...]) -> str:
    """Return the SELECT for functions, each with the names of its arguments.

    The result is cached, since most turns call the same few functions.
    """
    calls: list[str] = []
    place = 1
    for function, *names in functions:
        named = [f"p_{name}=>${place + at}" for at, name in enumerate(names)]
        calls.append(f"{function}({','.join(named)})")
        place += len(names)
    return "select " + ",".join(calls)


class Connection:
    """One connection in use, with the methods of `Database`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: asyncpg.Connection) -> None:
        self._raw = raw

    async def row(self, query: str, *arguments: object) -> Row | None:
        return await self._raw.fetchrow(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        return await self._raw.fetch(query, *arguments)

    async def value(self, query: str, *arguments: object) -> Any:  # A column may hold any type.
        return await self._raw.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> str:
        return await self._raw.execute(query, *arguments)

    async def execute_many(self, query: str, arguments: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row of arguments."""
        await self._raw.executemany(query, arguments)

    async def copy(self, table: str, columns: Sequence[str], source: object) -> str:
        """Fill columns of a table with COPY, from text rows in chunks of bytes."""
        return await self._raw.copy_to_table(table, source=source, columns=columns, format="text")

    async def write(self, writes: Sequence[Write]) -> Row:
        """Make all writes within the transaction, and return what each function returned."""
        query, arguments = statement(writes)
        found = await self._raw.fetchrow(query, *arguments)
        assert found is not None
        return found


class Database:
    """A pool of connections. `round_trips` counts statements, so that a test can pin their number.

    `turn` limits the turns at a time to `turns`, at most the number of connections. A turn reads,
    decides and writes. If a thousand turns waited for connections, the data that one has read would
    grow old behind the other 999 before it writes.
    """

    def __init__(self, pool: asyncpg.Pool, turns: int | None = None) -> None:
        self._connections = PooledConnections(pool)
        self.round_trips = 0
        self.connections: int = pool.get_max_size()
        self.turns: int = min(turns or self.connections, self.connections)
        self.turn = asyncio.Semaphore(self.turns)

    async def close(self) -> None:
        await self._connections.close()

    async def row(self, query: str, *arguments: object) -> Row | None:
        self.round_trips += 1
        async with using(self._connections) as connection:
            return await connection.fetchrow(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        self.round_trips += 1
        async with using(self._connections) as connection:
            return await connection.fetch(query, *arguments)

    async def value(self, query: str, *arguments: object) -> Any:  # a column may hold anything
        self.round_trips += 1
        async with using(self._connections) as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> str:
        self.round_trips += 1
        async with using(self._connections) as connection:
            return await connection.execute(query, *arguments)

    async def write(self, writes: Sequence[Write]) -> Row:
        """Make all writes or none, and return a record of what each function returned.

        Raises Conflict, Repeated or ReceiptTaken.
        """
        query, arguments = statement(writes)
        self.round_trips += 1
        with translated():
            async with using(self._connections) as connection:
                found = await connection.fetchrow(query, *arguments)
        assert found is not None
        return found

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Yield a connection outside any transaction, for state that belongs to it (locks)."""
        async with using(self._connections) as held:
            yield Connection(held)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """Yield a connection in a transaction, which commits at the end of the block.

        An exception rolls the transaction back.
        """
        async with using(self._connections) as held:
            with translated():
                async with held.transaction():
                    yield Connection(held)


class translated:  # noqa: N801  # reads as a word in `with translated():`
    """A context that turns the gateway's own SQLSTATEs into its own exceptions."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if not isinstance(error, asyncpg.PostgresError):
            return
        if error.sqlstate in (CONFLICT, "40001", "40P01") or _is_twin(error):
            raise Conflict(str(error)) from error
        if error.sqlstate == REPEATED:
            raise Repeated(str(error)) from error
        if error.sqlstate == TAKEN:
            raise ReceiptTaken(str(error)) from error


def _is_twin(error: asyncpg.PostgresError) -> bool:
    """Return whether the same SMS was written under another id meanwhile.

    A second read will recognise it.
    """
    return error.sqlstate == "23505" and error.constraint_name == "ix_inbox_key_twin"


class _LeanConnection(asyncpg.Connection):
    """A connection of asyncpg without its own reset query.

    asyncpg resets a connection whenever it goes back to the pool. That round trip is unnecessary,
    since the gateway leaves no state on a connection (the scheduler releases its lock by name).
    """

    def get_reset_query(self) -> str:
        return ""


async def _prepare_connection(connection: asyncpg.Connection, *, read_only: bool) -> None:
    # They are statements and not connection parameters, because a PgBouncer in between refuses
    # parameters that it does not know.
    await connection.execute(_SETTINGS.format(read_only="on" if read_only else "off"))
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text"
    )


def turns_beside(url: str) -> int | None:
    """Return how many turns at a time a database on this machine serves best, or None elsewhere.

    Each backend of PostgreSQL keeps its own plans and caches. More backends than the processors can
    serve only push each other's caches out, which costs a tenth of an answer. A database on another
    machine also makes turns wait for the network, so all connections are of use there. A socket in
    the file system tells that the server is on this machine. An address like 127.0.0.1 does not,
    because PgBouncer or HAProxy may listen there.

    >>> turns_beside("postgresql://gateway@10.0.0.7:5432/gateway") is None
    True
    >>> turns_beside("postgresql://gateway@/gateway?host=/run/postgresql") >= 4
    True
    """
    host = parse_qs(urlsplit(plain_dsn(url)).query).get("host", [""])[0]
    return max(_TURNS_MIN, 2 * (os.cpu_count() or 1) + 1) if host.startswith("/") else None


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


def plain_dsn(url: str) -> str:
    """Return SQLAlchemy's URL without its driver name, as asyncpg needs it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


async def connect(dsn: str) -> object:
    """Return a connection of asyncpg's own."""
    return await asyncpg.connect(dsn)


async def open_database(url: str, *, connections: int = 10, read_only: bool = False) -> Database:
    """Connect to a database, for reading only if asked.

    Raises SettingsError, in one line, when the URL is wrong or no server answers there.
    """
    remember_address(url)
    shown = shown_address(url)
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            pool = await asyncpg.create_pool(
                plain_dsn(url),
                min_size=1,
                max_size=connections,
                init=partial(_prepare_connection, read_only=read_only),
                connection_class=_LeanConnection,
                statement_cache_size=200,
                server_settings={"application_name": "gateway"},
            )
    except (ValueError, asyncpg.InterfaceError) as bad:
        raise SettingsError(
            f"GATEWAY_DATABASE_URL is not a PostgreSQL address: {shown} ({redacted(str(bad))})"
        ) from bad
    except (OSError, TimeoutError, asyncpg.PostgresError) as bad:
        raise SettingsError(
            f"PostgreSQL does not answer at {shown} ({redacted(str(bad)) or 'timeout'}): check GATEWAY_DATABASE_URL and that the server runs"
        ) from bad
    return Database(pool, turns_beside(url))


async def check_write(database: Database) -> None:
    """Raise Failed when the database is away or refuses writes (a full disk, a standby).

    The check leaves no rows behind.
    """
    try:
        async with asyncio.timeout(2):
            # This writes a record to the log and commits, so it needs all that a row needs except
            # the row.
            await database.value("select pg_logical_emit_message(true, 'gateway', 'ready')::text")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as bad:
        raise Failed(
            f"the database refuses writes: {redacted(str(bad)) or 'timeout'}", retryable=True
        ) from bad


async def ping(database: Database) -> None:
    """Raise Failed when the database is away."""
    try:
        async with asyncio.timeout(2):
            await database.value("select 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as bad:
        raise Failed(f"the database does not answer: {redacted(str(bad))}", retryable=True) from bad
