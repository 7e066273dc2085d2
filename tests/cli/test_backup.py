"""An operator backs a gateway up, loses the machine, and has every row again on a new one."""

import hashlib
import json
import shutil
import subprocess

import asyncpg
import pytest

from gateway.base.vault import Vault, new_master_secret
from gateway.servers import EmbeddedServers
from gateway.store import health
from gateway.store.db import open_database
from gateway.store.ledger import books, seals, transfers
from gateway.store.revisions import known_revisions
from tests.console.tree import gateway

ROWS = "select coalesce(string_agg(t::text, chr(10) order by t::text), '') from {} t"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Return a machine with a gateway that has worked, its ledger sealed, and a backup of it.

    The key is kept apart from the backup.
    """
    folder = tmp_path_factory.mktemp("machine")
    data = folder / "data"
    words = ("fill", "--into", str(data), "--answers", "1000", "--workers", "50")
    for line in (words, ("ledger", "seal")):
        done = gateway(data, *line)
        assert done.returncode == 0, done.stderr
    done = gateway(data, "backup", str(folder / "backup"), "--key-to", str(folder / "safe" / "key"))
    assert done.returncode == 0, done.stderr
    assert "keep it in another place than the backup" in done.stdout
    return folder


@pytest.fixture
def copied(machine, tmp_path):
    """A copy of the backup that a test may damage."""
    return shutil.copytree(machine / "backup", tmp_path / "copied")


async def everything(data):
    """Return what every table holds, as digests, and the open worker numbers."""
    with EmbeddedServers(data, redis=False) as servers:
        db = await open_database(servers.database_url, connections=2)
        vault = Vault((data / "secret.key").read_text().strip())
        try:
            async with db.connection() as connection:
                held = {
                    name: hashlib.sha256(
                        (await connection.value(ROWS.format(name))).encode()
                    ).hexdigest()
                    for name in await books.tables(connection)
                }
            audited, verified = await transfers.audit(db), await seals.verify(db)
            numbers = [vault.open(row["sealed"]) for row in await health.sealed(db)]
        finally:
            await db.close()
    return held, audited, verified, numbers


async def test_a_restore_onto_an_empty_machine_has_all_books(machine, tmp_path):
    done = gateway(
        tmp_path / "new", "restore", str(machine / "backup"), "--key", str(machine / "safe" / "key")
    )
    assert done.returncode == 0, done.stderr
    assert "rows, balances and seals are those of the backup" in done.stdout
    before, after = await everything(machine / "data"), await everything(tmp_path / "new")
    assert after == before
    held, audited, verified, numbers = after
    assert len(held) > 50
    assert audited.transfers > 1000
    assert audited.faults == verified.faults == ()
    assert verified.seals >= 1
    assert numbers
    again = gateway(tmp_path / "new", "migrate")
    assert again.returncode == 0, again.stderr


def test_checksums_are_those_that_sha256sum_checks(machine):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=machine / "backup", check=False
    )
    assert done.returncode == 0


def test_the_key_is_not_in_the_backup_and_only_its_owner_reads_either(machine):
    key = (machine / "safe" / "key").read_bytes().strip()
    for file in (machine / "backup").iterdir():
        assert key not in file.read_bytes(), file
        assert file.stat().st_mode & 0o077 == 0
    assert (machine / "safe" / "key").stat().st_mode & 0o077 == 0


def test_the_key_must_be_apart_and_is_never_overwritten(machine, tmp_path):
    data = machine / "data"
    inside = gateway(data, "backup", str(tmp_path / "b"), "--key-to", str(tmp_path / "b" / "key"))
    assert (inside.returncode, "in another place" in inside.stderr) == (1, True), inside.stderr
    other = tmp_path / "other.key"
    other.write_text(new_master_secret())
    kept = other.read_text()
    refused = gateway(data, "backup", str(tmp_path / "b"), "--key-to", str(other))
    assert (refused.returncode, "holds another secret key" in refused.stderr) == (1, True)
    assert other.read_text() == kept
    silent = gateway(data, "backup", str(tmp_path / "b"))
    assert (silent.returncode, "--without-key" in silent.stderr) == (1, True)
    assert not (tmp_path / "b").exists()


def test_a_backup_that_is_there_is_not_overwritten(machine):
    done = gateway(machine / "data", "backup", str(machine / "backup"), "--without-key")
    assert done.returncode == 1
    assert "is there already" in done.stderr


def refused(machine, backup, data, *words, **more):
    """Return why a restore was refused; nothing may have been made."""
    done = gateway(data, "restore", str(backup), *words, **more)
    assert done.returncode == 1, done.stdout
    assert not (data / "secret.key").exists()
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["database.dump", "about.json"])
def test_a_damaged_file_is_refused(machine, copied, tmp_path, name):
    whole = bytearray((copied / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (copied / name).write_bytes(whole)
    key = str(machine / "safe" / "key")
    said = refused(machine, copied, tmp_path / "new", "--key", key)
    assert f"{name} is wrong: the file is damaged" in said


@pytest.mark.parametrize("name", ["database.dump", "about.json", "SHA256SUMS", "SIGNATURE"])
def test_a_missing_file_is_refused(machine, copied, tmp_path, name):
    (copied / name).unlink()
    key = str(machine / "safe" / "key")
    assert f"{name} is missing" in refused(machine, copied, tmp_path / "new", "--key", key)


def test_a_backup_that_another_hand_changed_is_refused(machine, copied, tmp_path):
    """A dump is run by the database.

    An attacker who can write a dump and fit the checksums could run anything.
    """
    (copied / "database.dump").write_bytes(b"PGDMP something else")
    resum(copied)
    key = str(machine / "safe" / "key")
    assert "signature" in refused(machine, copied, tmp_path / "new", "--key", key)


def resum(folder):
    """Write the checksums anew, as an attacker could."""
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("database.dump", "about.json")
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def test_a_backup_of_a_newer_schema_is_refused(machine, copied, tmp_path):
    about = json.loads((copied / "about.json").read_text())
    about["schema"] = "9999"
    (copied / "about.json").write_text(json.dumps(about))
    resum(copied)
    said = refused(machine, copied, tmp_path / "new", "--key", str(machine / "safe" / "key"))
    assert "9999 of a newer gateway" in said
    assert "restore it with the version that made it" in said


def test_a_missing_or_other_key_is_refused(machine, tmp_path):
    backup, data = machine / "backup", tmp_path / "new"
    assert "--key FILE" in refused(machine, backup, data)
    assert "cannot be read" in refused(machine, backup, data, "--key", str(tmp_path / "none"))
    (tmp_path / "other").write_text(new_master_secret())
    said = refused(machine, backup, data, "--key", str(tmp_path / "other"))
    assert "not the secret key of the backup" in said
    said = refused(machine, backup, data, GATEWAY_SECRET_KEY=new_master_secret())
    assert "GATEWAY_SECRET_KEY: this is not the secret key" in said


def test_a_database_that_is_not_empty_is_refused_and_left_as_it_is(machine, tmp_path):
    data = tmp_path / "used"
    assert gateway(data, "migrate").returncode == 0
    key = (data / "secret.key").read_text()
    done = gateway(
        data,
        *("restore", str(machine / "backup")),
        GATEWAY_SECRET_KEY=(machine / "safe" / "key").read_text().strip(),
    )
    assert done.returncode == 1
    assert "the database is not empty" in done.stderr
    assert "a new folder in GATEWAY_DATA_DIR" in done.stderr
    assert (data / "secret.key").read_text() == key


async def test_into_a_database_of_ones_own_and_the_key_is_to_be_set(machine, embedded, tmp_path):
    connection = await asyncpg.connect(embedded.postgres_dsn)
    await connection.execute("create database restored_elsewhere")
    await connection.close()
    url = embedded.database_url.replace("/gateway?", "/restored_elsewhere?")
    done = gateway(
        tmp_path / "unused",
        *("restore", str(machine / "backup"), "--key", str(machine / "safe" / "key")),
        GATEWAY_DATABASE_URL=url,
    )
    assert done.returncode == 0, done.stderr
    assert "set GATEWAY_SECRET_KEY to the content of" in done.stdout


NEWER = ("migrate", "api", "runner", "ticker", "doctor", "client list", "backup elsewhere --without-key")  # fmt: skip


@pytest.fixture(scope="module")
async def newer(new_database):
    """The address of a database that a newer gateway has migrated."""
    url = await new_database("of_a_newer_gateway")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("update alembic_version set version_num = '9999'")
    await connection.close()
    return url


@pytest.mark.parametrize("command", NEWER)
def test_an_older_program_does_not_start_on_a_newer_schema(newer, embedded, tmp_path, command):
    done = gateway(
        tmp_path,
        *command.split(),
        GATEWAY_DATABASE_URL=newer,
        GATEWAY_REDIS_URL=embedded.redis_url,
        GATEWAY_SECRET_KEY=new_master_secret(),
        GATEWAY_PORT="0",
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "schema 9999" in said
    assert "start the newer version" in said
    assert "Traceback" not in said


async def test_the_known_revisions_are_those_of_the_migrations(new_database):
    db = await open_database(await new_database("revisions"), connections=1)
    try:
        assert await health.revision(db) == known_revisions()[0]
    finally:
        await db.close()
