"""The update of a database to this version's schema.

Alembic's migrations run first, then the functions in `sql/`. Whenever a file in `sql/` has changed,
all of them are loaded again, so the files are what runs.
"""

import hashlib
from importlib import resources

from gateway.base.errors import SettingsError
from gateway.store import health
from gateway.store.db import Database, open_database
from gateway.store.revisions import check_known, known_revisions

# Later files may call functions of earlier ones.
SQL_FILES = (
    "months",
    "ledger",
    "client_events",
    "work",
    "packs",
    "leases",
    "events",
    "outbox",
    "people",
    "respect",
    "payouts",
    "fair_pay",
    "controls",
    "persons",
    "coordinators",
    "partners",
    "numbers",
    "health",
    "moves",
    "earlier",
    "lessons",
    "situation",
)


def sql(name: str) -> str:
    return resources.files("gateway.store").joinpath("sql", f"{name}.sql").read_text()


def sql_digest() -> str:
    """Return the digest of this version's functions, as `sql_version` holds it."""
    return hashlib.sha256("\n".join(sql(name) for name in SQL_FILES).encode()).hexdigest()


async def must_be_known(database: Database) -> None:
    """Raise SettingsError when the database has the schema of a newer program."""
    check_known(await health.revision(database))


async def must_be_current(database: Database) -> None:
    """Raise SettingsError when the database has another version's schema, or none.

    A command that only reads does not migrate.
    """
    await must_be_known(database)
    if await health.sql_digest(database) != sql_digest():
        raise SettingsError(
            "the database was never set up, or another version of the gateway set it up; run: gateway migrate"
        )


async def _is_current(database: Database) -> bool:
    if await health.revision(database) != known_revisions()[0]:
        return False
    return await health.sql_digest(database) == sql_digest()


async def migrate(database_url: str) -> None:
    """Upgrade the database to the newest revision. It is harmless when there is nothing to do.

    Raises SettingsError when no server answers at the address.
    """
    database = await open_database(database_url, connections=1)
    try:
        if await _is_current(database):
            return
    finally:
        await database.close()
    # Alembic and SQLAlchemy cost each start half a second of processor time, and few starts need
    # them.
    from gateway.store.upgrade import upgrade  # noqa: PLC0415

    await upgrade(database_url, [sql(name) for name in SQL_FILES], sql_digest())
