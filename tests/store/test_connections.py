"""Connections that the database closed are not used again, and none is lost."""

import asyncio

import asyncpg
import pytest

from gateway.store.db import open_database
from tests.conftest import NewDatabase

CONNECTIONS = 3


@pytest.fixture(scope="module")
async def database(new_database: NewDatabase):
    opened = await open_database(await new_database("kept_connections"), connections=CONNECTIONS)
    yield opened
    await opened.close()


async def test_a_connection_that_the_server_closed_is_replaced(database):
    """A restart of PostgreSQL closes the kept connections.

    The next statement gets a new one.
    """
    async with database.connection() as other:
        victim = await database.value("select pg_backend_pid()")
        assert victim != await other.value("select pg_backend_pid()")
        assert await other.value("select pg_terminate_backend($1, 60000)", victim)
        await asyncio.sleep(0.1)  # the news arrives
        assert await database.value("select pg_backend_pid()") != victim


async def test_a_statement_that_is_cut_off_does_not_spoil_the_next_one(database):
    for _ in range(CONNECTIONS + 1):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.value("select pg_sleep(600)")
    assert await asyncio.gather(*(database.value("select 1") for _ in range(10))) == [1] * 10


async def test_a_waiting_caller_gets_the_connection_that_is_given_back(database):
    async def hold():
        async with database.transaction() as held:
            await held.value("select pg_sleep(0.01)")
            return await held.value("select 1")

    assert (
        await asyncio.gather(*(hold() for _ in range(10 * CONNECTIONS))) == [1] * 10 * CONNECTIONS
    )


async def test_a_statement_that_fails_leaves_the_connection_usable(database):
    for _ in range(CONNECTIONS + 1):
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.value("select from nowhere")
    assert await database.value("select 1") == 1
