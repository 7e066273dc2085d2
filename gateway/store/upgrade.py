"""The run of Alembic's migrations and of the functions in `sql/`, in one transaction."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.store.db import connect, plain_dsn
from gateway.store.revisions import check_known

# Two gateways that start together must not migrate at the same time.
_MIGRATION_LOCK = 7_301_001
# Functions are dropped first, so that a changed signature never leaves an old function of the same
# name behind. The functions of triggers are replaced in place.
_DROP_FUNCTIONS = """
do $$ declare f record; begin
  for f in select p.oid::regprocedure as name from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = current_schema()::regnamespace and p.prorettype <> 'trigger'::regtype
      and l.lanname in ('plpgsql', 'sql')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')  -- functions of extensions stay
  loop execute 'drop function ' || f.name; end loop;
end $$
"""


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for one connection."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.attributes["connection"] = connection
    return found


def _run_migrations(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if connection.scalar(text("select to_regclass('alembic_version')")) is not None:
        check_known(connection.scalar(text("select version_num from alembic_version")))
    command.upgrade(config(connection), "head")


async def upgrade(database_url: str, sources: Sequence[str], digest: str) -> None:
    """Run the migrations, and load the functions again if their digest has changed."""
    # asyncpg reads the address itself, as in the rest of the gateway: SQLAlchemy has no `sslmode`
    # for it.
    dsn = plain_dsn(database_url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(connect, dsn))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run_migrations)
            known = await connection.scalar(text("select digest from sql_version"))
            if known == digest:
                return
            # A file holds many statements, so it goes through the driver, in the same transaction.
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute(_DROP_FUNCTIONS)
            for source in sources:
                await driver.execute(source)
            await driver.execute("delete from sql_version")
            await driver.execute("insert into sql_version (digest) values ($1)", digest)
    finally:
        await engine.dispose()
