"""The making of a database beside another on the same server."""

from urllib.parse import urlsplit

import asyncpg

from gateway.base.errors import SettingsError
from gateway.store.db import plain_dsn


async def make_database(beside: str, url: str) -> None:
    """Make the database of `url` on the server of `beside`, unless it is there.

    Raises SettingsError where the user may not make one.
    """
    name = urlsplit(url).path.lstrip("/")
    connection = await asyncpg.connect(plain_dsn(beside))
    try:
        if await connection.fetchval("select true from pg_database where datname = $1", name):
            return
        quoted = '"' + name.replace('"', '""') + '"'
        await connection.execute(f"create database {quoted}")
    except asyncpg.DuplicateDatabaseError:
        return  # Another process was faster.
    except asyncpg.InsufficientPrivilegeError as bad:
        raise SettingsError(
            f"the test gateway needs a database {name!r}, and this user may not make one: run "
            f"`createdb {name}` with the gateway's user as owner"
        ) from bad
    finally:
        await connection.close()
