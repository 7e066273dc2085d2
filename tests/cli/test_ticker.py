"""The ticker outlives its database: it alone enqueues the work that a lost job left behind."""

import asyncio

import asyncpg
import pytest
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs

from gateway.app import open_runtime
from gateway.base.vault import new_master_secret
from gateway.cli.run import ticker
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.messages.compose import message
from gateway.steps.precedence import AFTER_PHONES
from gateway.store.turns import turns
from tests.support.town import eventually

BELL = "rq:job:deliver-phone"


@pytest.fixture
def redis(embedded):
    with Redis.from_url(embedded.redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


async def lets_in(embedded, name, *, closed):
    """Let a database refuse every connection for a while, as one that fails over does."""
    keeper = await asyncpg.connect(embedded.postgres_dsn)
    try:
        await keeper.execute(f"alter database {name} allow_connections {not closed}")
        if closed:
            await keeper.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name
            )
    finally:
        await keeper.close()


async def test_it_rings_again_once_the_database_is_back(embedded, new_database, redis, tmp_path):
    settings = Settings(
        database_url=SecretStr(await new_database("ticking")),
        redis_url=SecretStr(embedded.redis_url),
        secret_key=SecretStr(new_master_secret()),
        data_dir=tmp_path,
    )
    async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
        waits = message(rt, "phone", None, "+254711000001", "Hello", "reply")
        await rt.db.write([turns.put_message(waits)])

    async def rings():
        return await asyncio.to_thread(redis.exists, BELL)

    ticking = asyncio.create_task(ticker.serve(settings))
    try:
        await eventually(rings)
        with capture_logs() as said:
            await lets_in(embedded, "ticking", closed=True)
            try:

                async def noticed():
                    return ticking.done() or sum("database" in line["event"] for line in said) > 1

                await eventually(noticed, 300)
                redis.flushdb()
            finally:
                await lets_in(embedded, "ticking", closed=False)
        assert not ticking.done(), "it was away twice, and the ticker is still there"
        await eventually(rings, 300)
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


async def test_work_that_rests_while_phones_wait_wakes_no_runner(embedded, new_database, tmp_path):
    settings = Settings(
        database_url=SecretStr(await new_database("resting")),
        secret_key=SecretStr(new_master_secret()),
        data_dir=tmp_path,
    )
    jobs = InlineJobQueue()
    async with open_runtime(settings, jobs, connections=2) as rt:
        waits = message(rt, "phone", None, "+254711000001", "Hello", "reply")
        await rt.db.write([turns.put_message(waits)])
        await rt.pressure.tell()
        await ticker._tick(rt)
        queued = {step for step, *_ in jobs.take()}
        assert "deliver" in queued, "replies to workers come second, so they go on"
        assert not queued & AFTER_PHONES
        rt.pressure._until = 0.0
        await ticker._tick(rt)
        assert {step for step, *_ in jobs.take()} & AFTER_PHONES, "nothing is forgotten"
