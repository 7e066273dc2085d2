"""The first step of `gateway wind-down --from`: a backup becomes a gateway that winds down."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.base.clock import SystemClock
from gateway.base.errors import Refused
from gateway.base.vault import Vault
from gateway.cli.backup import folder as backup_folder
from gateway.cli.backup.backup import Machine, load_backup, machine_for
from gateway.store.ledger.books import BooksSnapshot

if TYPE_CHECKING:
    from gateway.steps.payouts.winding.plan import WindDownPlan


def wind_down_from(source: Path, key: Path | None) -> "WindDownPlan":
    """Restore a backup into an empty database and mark the gateway as winding down.

    Return the dry run of the payments.
    A run that was killed is repeated with the same command. Raises Refused for a database that is
    neither empty nor of this backup.
    """
    with machine_for(source, key) as machine:
        signature = (source / backup_folder.SIGNATURE).read_text().strip()
        if not asyncio.run(_is_there(machine, signature)):
            load_backup(machine)
        asyncio.run(_begin(machine, signature))
        return asyncio.run(_plan(machine))


async def _plan(machine: Machine) -> "WindDownPlan":
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.payouts.winding.plan import plan

    async with open_runtime(machine.settings, InlineJobQueue(), connections=2) as rt:
        return await plan(rt)


async def _is_there(machine: Machine, signature: str) -> bool:
    """Return True if the database already holds this backup, and False for an empty database."""
    from gateway.store import health
    from gateway.store.db import open_database
    from gateway.store.ledger import books
    from gateway.store.payouts import wind_down

    db = await open_database(machine.url, connections=1)
    try:
        async with db.connection() as connection:
            if not await books.tables(connection):
                return False
        if await health.revision(db) is None:
            raise Refused(f"the database holds tables of another program: {_ELSEWHERE}")
        if await wind_down.is_known(db):
            found = await wind_down.find(db)
            if found is not None and found.backup == signature:
                return True
            if found is not None:
                raise Refused(
                    f"this gateway winds down already, from the backup of {found.backup_at:%Y-%m-%d %H:%M} UTC"
                )
        async with books.snapshot(db) as (connection, _):
            there = await books.read_books(connection)
    finally:
        await db.close()
    if _same(machine.about.books, there):
        return True  # The command was killed between the restore and the mark.
    raise Refused(
        f"the database is not empty and not the one of this backup: a gateway pays from a backup on an empty machine, {_ELSEWHERE}"
    )


_ELSEWHERE = "so name a new database in GATEWAY_DATABASE_URL, or a new folder in GATEWAY_DATA_DIR"
_GROWS = ("payout_event", "alembic_version", "sql_version")
"""The tables that the restore itself changes: payouts are asked about, and the schema is newer."""


def _same(original: BooksSnapshot, there: BooksSnapshot) -> bool:
    rows = {name: count for name, count in there.rows.items() if count or name in original.rows}
    changed = {
        name
        for name in {*rows, *original.rows}
        if rows.get(name) != original.rows.get(name) and name not in _GROWS
    }
    return not changed and there.balances == original.balances and there.head == original.head


async def _begin(machine: Machine, signature: str) -> None:
    from gateway.steps.payouts.winding.ask_first import ask_first
    from gateway.store import schema
    from gateway.store.db import open_database
    from gateway.store.payouts import wind_down

    await schema.migrate(machine.url)
    made_at = datetime.fromisoformat(machine.about.made_at)
    db = await open_database(machine.url, connections=1)
    try:
        async with db.transaction() as connection:
            (first,) = (await connection.write([wind_down.begin_part(signature, made_at)])).values()
            if first:
                await ask_first(connection, Vault(machine.secret), SystemClock().now())
    finally:
        await db.close()
    if first:
        typer.echo("this gateway winds down now: it takes no new work, and BAL and PAY go on")
