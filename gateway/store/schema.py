"""The update of a database to this version's schema.

Alembic's migrations run first, then the functions in `sql/`. Whenever a file in `sql/` has changed,
all of them are loaded again, so the files are what runs.
"""

import hashlib
from functools import partial
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.errors import SettingsError
from gateway.store import health
from gateway.store.db import Database, connect, open_database, plain_dsn

# Two gateways that start together must not migrate at the same time.
_MIGRATION_LOCK = 7_301_001
# Later files may call functions of earlier ones.
SQL_FILES = (
    "months",
    "ledger",
    "work",
    "packs",
    "leases",
    "events",
    "outbox",
    "people",
    "respect",
    "payouts",
    "controls",
    "persons",
    "coordinators",
    "numbers",
    "health",
    "moves",
    "earlier",
    "situation",
)


def config(connection: Connection) -> Config:
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.attributes["connection"] = connection
    return found


def sql(name: str) -> str:
    return resources.files("gateway.store").joinpath("sql", f"{name}.sql").read_text()


def sql_digest() -> str:
    """Return the digest of this version's functions, as `sql_version` holds it."""
    return hashlib.sha256("\n".join(sql(name) for name in SQL_FILES).encode()).hexdigest()


# Functions are dropped first, so that a changed signature never leaves an old function of the same
# name behind. The functions of triggers are replaced in place.
_DROP_FUNCTIONS = """
do $$ declare f record; begin
  for f in select p.oid::regprocedure as name from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = current_schema()::regnamespace and p.prorettype <> 'trigger'::regtype
      and l.lanname in ('plpgsql', 'sql')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')  -- an extension's own
  loop execute 'drop function ' || f.name; end loop;
end $$
"""


def known_revisions() -> list[str]:
    """Return the revisions of the schema that this program knows, the newest first.

    The name of a migration's file begins with its revision.
    """
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return sorted((file.name.partition("_")[0] for file in files), reverse=True)


def check_known(revision: str | None) -> None:
    """Raise SettingsError for the schema of a newer program.

    This program's writes might break its rules.
    """
    if revision is None:
        return
    known = known_revisions()
    if revision not in known:
        raise SettingsError(
            f"the database has the schema {revision} of another, newer version of the gateway; this program knows it up to "
            f"{known[0]}: start the newer version, or go back with `gateway restore` into an empty database from the backup "
            "that was made before the upgrade"
        )


async def must_be_known(database: Database) -> None:
    """Raise SettingsError when the database has the schema of a newer program."""
    check_known(await health.revision(database))


def _upgrade(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if connection.scalar(text("select to_regclass('alembic_version')")) is not None:
        check_known(connection.scalar(text("select version_num from alembic_version")))
    command.upgrade(config(connection), "head")


async def must_be_current(database: Database) -> None:
    """Raise SettingsError when the database has another version's schema, or none.

    A command that only reads does not migrate.
    """
    await must_be_known(database)
    if await health.sql_digest(database) != sql_digest():
        raise SettingsError(
            "the database was never set up, or another version of the gateway set it up; run: gateway migrate"
        )


async def migrate(database_url: str) -> None:
    """Upgrade the database to the newest revision. It is harmless when there is nothing to do.

    Raises SettingsError when no server answers at the address.
    """
    await (await open_database(database_url, connections=1)).close()
    sources, digest = [sql(name) for name in SQL_FILES], sql_digest()
    # asyncpg reads the address itself, as in the rest of the gateway: SQLAlchemy has no `sslmode`
    # for it.
    dsn = plain_dsn(database_url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(connect, dsn))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
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
