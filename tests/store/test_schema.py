"""The schema is what the tables say, and migrating again changes nothing."""

import re

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.store.schema import migrate
from gateway.store.tables import metadata

_PART = re.compile(r"^(inbox|outbox|ussd_session)_(before|rest|\d{4}_\d\d)$")
"""The months of a table are like the table; `store/sql/months.sql` makes them."""


async def test_the_migrated_schema_is_what_the_tables_say(new_database):
    engine = create_async_engine(await new_database("compared"))
    try:
        async with engine.connect() as connection:
            differences = await connection.run_sync(
                lambda sync: compare_metadata(
                    MigrationContext.configure(
                        sync,
                        opts={
                            "compare_server_default": True,
                            "compare_type": True,
                            "include_name": lambda name, kind, _: (
                                kind != "table" or not _PART.search(name)
                            ),
                        },
                    ),
                    metadata,
                )
            )
    finally:
        await engine.dispose()
    assert differences == []


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
