"""Sessions that were open when the gateway was upgraded: a worker's goes on, a stranger's is nobody's."""

import asyncpg
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.store.db import plain_dsn
from gateway.store.schema import config, migrate

BEFORE = "0027"


async def test_a_workers_session_becomes_her_phones_and_a_strangers_no_ones(embedded):
    connection = await asyncpg.connect(embedded.postgres_dsn)
    await connection.execute("create database before_0052")
    await connection.close()
    url = embedded.database_url.replace("/gateway?", "/before_0052?")
    engine = create_async_engine(
        plain_dsn(url).replace("postgresql://", "postgresql+asyncpg://", 1)
    )
    try:
        async with engine.begin() as opened:
            await opened.run_sync(lambda sync: command.upgrade(config(sync), BEFORE))
            await opened.execute(text("set local session_replication_role = replica"))
            await opened.execute(text(
                """insert into worker (name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id, sms_channel)
                   values ('Amina', 'en', 'active', '', 'hers', 'KE', 'KES', 1, 'phone')"""
            ))  # fmt: skip
            for session, worker in (("s1", "(select id from worker)"), ("s2", "null")):
                await opened.execute(text(
                    f"""insert into ussd_session (channel, session, worker_id, transcript, view, memory, pages, ended)
                        values ('at', '{session}', {worker}, '1', 'home', '{{}}', '{{x}}', false)"""  # noqa: S608
                ))  # fmt: skip
        await migrate(url)
        async with engine.connect() as opened:
            rows = await opened.execute(
                text("select session, msisdn_index from ussd_session order by 1")
            )
            assert [tuple(row) for row in rows] == [("s1", b"hers"), ("s2", b"")]
    finally:
        await engine.dispose()
