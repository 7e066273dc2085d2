"""The commands `gateway backup` and `gateway restore`.

They copy the whole database into a folder, and back into an empty database.
"""

import asyncio
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from gateway import settings as settings_room
from gateway.base.errors import GatewayError, Refused
from gateway.base.vault import Vault
from gateway.cli.backup import folder as backup_folder
from gateway.cli.backup import key_file
from gateway.settings import Settings

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def backup(
    folder: Folder,
    key_to: Annotated[
        Path | None,
        typer.Option(help="Also store the secret key in this file, away from the backup."),
    ] = None,
    without_key: Annotated[
        bool,
        typer.Option(
            "--without-key", help="Do not store the secret key, because it is kept safe already."
        ),
    ] = False,
) -> None:
    """Write the whole database to a new folder, with checksums.

    The gateway may keep running meanwhile.
    """
    from gateway.cli.serving import must_be_there, served

    if (key_to is None) is not without_key:
        raise Refused(
            "say where to store the secret key with --key-to FILE (without it no phone number in the backup can be read), or "
            "--without-key when you keep it safe already"
        )
    if folder.exists():
        raise Refused(f"{folder} is there already: name a new folder for this backup")
    if key_to is not None:
        key_file.must_be_apart(key_to, folder)
    given = settings_room.load()
    must_be_there(given)
    with served(given) as settings:
        assert settings.secret_key
        if key_to is not None:
            key_file.store(key_to, settings.secret_key.get_secret_value())
        with _draft(folder) as draft:
            about, size = asyncio.run(_dump(settings, draft))
        rows = sum(about.books.rows.values())
        typer.echo(f"backup   {folder}: {rows:,} rows, {size:,} bytes, schema {about.schema}")
        typer.echo(_where_the_key_is(key_to))
        if waiting := len(list((settings.data_dir / "spool").glob("*.events"))):
            typer.echo(
                f"warning  {waiting} files of events in {settings.data_dir / 'spool'} are not in the database yet, so not in "
                "the backup: they were kept while it was away. Make another backup in a minute"
            )


def restore(
    folder: Folder,
    key: Annotated[
        Path | None,
        typer.Option(help="The file with the backup's secret key. Default: GATEWAY_SECRET_KEY."),
    ] = None,
) -> None:
    """Restore a backup into an empty database, and migrate it to this version.

    All books are compared with those of the backup.
    """
    with machine_for(folder, key) as machine:
        asyncio.run(_must_be_empty(machine.settings))
        load_backup(machine)
    typer.echo("then: gateway doctor, and compare the operators' statements since the backup")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with servers that run and the key of a backup, on which it can be restored."""

    folder: Path
    """The folder of the backup."""
    about: backup_folder.BackupDescription
    given: Settings
    """The settings as the operator gave them."""
    settings: Settings
    """The settings with the addresses of the servers and the key."""
    key: Path | None
    """The file of the key, if one was named."""

    @property
    def secret(self) -> str:
        assert self.settings.secret_key
        return self.settings.secret_key.get_secret_value()

    @property
    def url(self) -> str:
        assert self.settings.database_url
        return self.settings.database_url.get_secret_value()


@contextmanager
def machine_for(folder: Path, key: Path | None) -> Generator[Machine]:
    """Check a backup and its key, and yield this machine with its servers for the block."""
    from gateway.cli.serving import served
    from gateway.store import schema

    about = backup_folder.read_description(folder)
    try:
        schema.check_known(about.schema)
    except GatewayError:
        raise Refused(
            f"the backup has the schema {about.schema} of a newer gateway; this program knows it up to "
            f"{schema.known_revisions()[0]}: restore it with the version that made it, or a newer one"
        ) from None
    given = settings_room.load()
    secret = _key_for(folder, about, given, key)
    with served(
        given.model_copy(update={"secret_key": SecretStr(secret)}), known=False
    ) as settings:
        yield Machine(folder, about, given, settings, key)


def load_backup(machine: Machine) -> None:
    """Restore the backup into the empty database and compare the books.

    Raises Refused when they differ. Payouts that a later gateway may have sent are asked about
    before anything is sent.
    """
    from gateway.cli.serving import SECRET_FILE

    about, given = machine.about, machine.given
    if given.database_url is None:
        # The key is stored first, because a gateway that starts on these rows without it would
        # make a new one.
        key_file.store(given.data_dir / SECRET_FILE, machine.secret)
    faults = asyncio.run(_load(machine))
    for fault in faults:
        typer.echo(f"difference: {fault}")
    if faults:
        raise Refused(
            f"the restored database is not the one of the backup ({len(faults)} differences): do not start the gateway on it; "
            "restore another backup into another empty database"
        )
    typer.echo(
        f"restored {sum(about.books.rows.values()):,} rows of {about.made_at}; rows, balances and seals are those of the backup"
    )
    asked = asyncio.run(_ask_first(machine))
    if asked:
        typer.echo(
            f"{asked} payouts had not left at the backup: their operators are asked about them before any is sent"
        )
    if given.database_url is not None and given.secret_key is None:
        typer.echo(
            f"set GATEWAY_SECRET_KEY to the content of {machine.key} before you start the gateway"
        )


@contextmanager
def _draft(folder: Path) -> Generator[Path]:
    """Yield a draft folder beside the final one.

    The draft gets the final name after the block, or is removed if the block fails.
    """
    draft = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(draft, ignore_errors=True)  # The draft remains from a backup that was killed.
        draft.mkdir(mode=0o700, parents=True)
    except OSError as bad:
        raise Refused(f"the backup cannot be written to {folder}: {bad.strerror}") from bad
    try:
        yield draft
        backup_folder.publish_backup(draft, folder)
    except OSError as bad:
        raise Refused(f"the backup cannot be written to {folder}: {bad.strerror}") from bad
    finally:
        shutil.rmtree(draft, ignore_errors=True)


async def _dump(settings: Settings, draft: Path) -> tuple[backup_folder.BackupDescription, int]:
    from gateway.servers import copying
    from gateway.store import health
    from gateway.store.db import open_database
    from gateway.store.ledger import books

    assert settings.database_url
    assert settings.secret_key
    url = settings.database_url.get_secret_value()
    vault = Vault(settings.secret_key.get_secret_value())
    db = await open_database(url, connections=2)
    try:
        schema = await health.revision(db)
        if schema is None:
            raise Refused("there is nothing to back up: the database was never set up")
        async with books.snapshot(db) as (connection, name):
            server = await books.server_major(connection)
            program, dumped_by = copying.find_client("pg_dump", server)
            about = backup_folder.BackupDescription(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                schema=schema,
                server=server,
                dumped_by=dumped_by,
                key_check=backup_folder.key_check(vault),
                books=await books.read_books(connection),
            )
            pieces = copying.dump(program, url, name)
            size = await asyncio.to_thread(backup_folder.write_draft, draft, pieces, about, vault)
    finally:
        await db.close()
    return about, size


def _where_the_key_is(key_to: Path | None) -> str:
    if key_to is None:
        return "key      not stored: without it no phone number in this backup can be read"
    return f"key      {key_to}: keep it in another place than the backup, because both together reveal every phone number"


def _key_for(
    folder: Path, about: backup_folder.BackupDescription, given: Settings, file: Path | None
) -> str:
    """Return the secret key of a backup: from the file, the environment or the data folder.

    Raises an error unless all of them hold the same key.
    """
    from gateway.cli.serving import SECRET_FILE

    own = given.data_dir / SECRET_FILE
    found = dict[str, str]()
    if file is not None:
        found[str(file)] = key_file.read_key_file(file)
    if given.secret_key is not None:
        found["GATEWAY_SECRET_KEY"] = given.secret_key.get_secret_value()
    elif given.database_url is None and own.exists():
        found[str(own)] = key_file.read_key_file(own)
    if not found:
        raise Refused(
            "the secret key is missing: give the file that `gateway backup --key-to` wrote, with --key FILE, or set "
            "GATEWAY_SECRET_KEY. Without it no phone number can be read, so no worker can be paid"
        )
    for name, key in found.items():
        try:
            backup_folder.check_key(folder, about, Vault(key))
        except Refused as bad:
            raise Refused(f"{name}: {bad}") from None
    return next(iter(found.values()))


async def _must_be_empty(settings: Settings) -> None:
    from gateway.store.db import open_database
    from gateway.store.ledger import books

    assert settings.database_url
    db = await open_database(settings.database_url.get_secret_value(), connections=1)
    try:
        async with db.connection() as connection:
            there = await books.tables(connection)
    finally:
        await db.close()
    if there:
        raise Refused(
            f"the database is not empty ({len(there)} tables, such as {there[0]}): a restore never overwrites. Make a new "
            "database and name it in GATEWAY_DATABASE_URL, or name a new folder in GATEWAY_DATA_DIR"
        )


async def _ask_first(machine: Machine) -> int:
    from gateway.base.clock import SystemClock
    from gateway.steps.payouts.winding.ask_first import ask_first
    from gateway.store.db import open_database

    db = await open_database(machine.url, connections=1)
    try:
        async with db.transaction() as connection:
            return await ask_first(connection, Vault(machine.secret), SystemClock().now())
    finally:
        await db.close()


async def _load(machine: Machine) -> list[str]:
    """Restore, compare, migrate and recompute. Return the differences."""
    from gateway.servers import copying
    from gateway.store import schema
    from gateway.store.db import open_database
    from gateway.store.ledger import books

    url, about = machine.url, machine.about
    db = await open_database(url, connections=2)
    try:
        async with db.connection() as connection:
            server = await books.server_major(connection)
        if server < about.server:
            raise Refused(
                f"the backup comes from PostgreSQL {about.server} and this server is {server}: restore into {about.server} or newer"
            )
        program, _ = copying.find_client("pg_restore", max(server, about.dumped_by))
        dump = machine.folder / backup_folder.DUMP
        await asyncio.to_thread(copying.load, program, url, dump)
        async with books.snapshot(db) as (connection, _):
            found = books.differences(about.books, await books.read_books(connection))
    finally:
        await db.close()
    if found:
        return found
    await schema.migrate(url)
    db = await open_database(url, connections=2)
    try:
        return await books.faults(db, about.books.head)
    finally:
        await db.close()
