"""The schema of a new database, and migrating again, which changes nothing."""

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.store.revisions import known_revisions
from gateway.store.schema import migrate
from gateway.store.upgrade import config


async def test_a_new_database_has_the_newest_revision_of_one_line(new_database):
    engine = create_async_engine(await new_database("newest"))
    try:
        async with engine.connect() as connection:
            reached = await connection.scalar(text("select version_num from alembic_version"))
            heads = await connection.run_sync(
                lambda sync: ScriptDirectory.from_config(config(sync)).get_heads()
            )
    finally:
        await engine.dispose()
    assert heads == [reached] == [known_revisions()[0]]


async def test_every_table_has_a_primary_key(new_database):
    """A table without a primary key could hold a row twice."""
    engine = create_async_engine(await new_database("keys"))
    try:
        async with engine.connect() as connection:
            keyless = await connection.scalars(
                text(
                    """select c.relname from pg_class c
                         where c.relkind in ('r', 'p') and not c.relispartition
                           and c.relnamespace = 'public'::regnamespace
                           and not exists (select from pg_constraint k
                             where k.conrelid = c.oid and k.contype = 'p')"""
                )
            )
            assert sorted(keyless) == []
    finally:
        await engine.dispose()


async def test_migrating_again_changes_nothing_and_loads_no_function_again(new_database):
    url = await new_database("again")
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            before = await connection.scalar(text("select max(oid::bigint) from pg_proc"))
        await migrate(url)
        await migrate(url)
        async with engine.connect() as connection:
            assert await connection.scalar(text("select max(oid::bigint) from pg_proc")) == before
    finally:
        await engine.dispose()


async def test_a_changed_function_is_loaded_with_all_the_others(new_database):
    url = await new_database("changed")
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("update sql_version set digest = 'older'"))
            await connection.execute(text("drop function set_reach(bigint, text)"))
        await migrate(url)
        async with engine.connect() as connection:
            assert (
                await connection.scalar(
                    text("select count(*) from pg_proc where proname = 'set_reach'")
                )
                == 1
            )
    finally:
        await engine.dispose()
