"""The making of a database beside another on the same server."""

from urllib.parse import unquote, urlsplit

import asyncpg

from gateway.base.errors import SettingsError
from gateway.store.db import open_database


async def make_database(beside: str, url: str) -> None:
    """Make the database of `url` on the server of `beside`, unless it is there.

    Raises SettingsError where the user may not make one.
    """
    name = unquote(urlsplit(url).path.lstrip("/"))
    db = await open_database(beside, connections=1)
    try:
        if await db.value("select true from pg_database where datname = $1", name):
            return
        quoted = '"' + name.replace('"', '""') + '"'
        await db.execute(f"create database {quoted}")
    except asyncpg.DuplicateDatabaseError:
        return  # Another process was faster.
    except asyncpg.InsufficientPrivilegeError as bad:
        raise SettingsError(
            f"the test gateway needs a database {name!r}, and this user may not make one: run "
            f"`createdb {name}` with the gateway's user as owner"
        ) from bad
    finally:
        await db.close()
