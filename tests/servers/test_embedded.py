"""Servers in a data folder: started, shared, stopped, and started again with everything there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.servers import EmbeddedServers

from .colleagues import (
    Colleague,
    is_alive,
    key,
    nobody,
    postmaster,
    redis_pid,
    sql,
)


def test_what_was_written_is_there_after_a_restart(tmp_path: Path):
    folder = tmp_path / "new"
    with EmbeddedServers(folder) as servers:
        sql(servers, "CREATE TABLE answer AS SELECT 'yes' AS value")
        key(servers, "session", "menu")
        pids = postmaster(folder), redis_pid(folder)
    assert not any(map(is_alive, pids)), "the last user waits until the servers are down"
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT value FROM answer") == "yes"
        assert key(servers, "session") == "menu"


async def test_sqlalchemy_takes_the_address_and_the_settings_are_durable(folder: Path):
    with EmbeddedServers(folder, redis=False) as servers:
        engine = create_async_engine(servers.database_url)
        async with engine.connect() as connection:
            for setting, value in {
                "fsync": "on",
                "synchronous_commit": "on",
                "jit": "off",
                "max_connections": "100",
                "listen_addresses": "",
                "server_encoding": "UTF8",
            }.items():
                shown = await connection.execute(text(f"SHOW {setting}"))
                assert (setting, shown.scalar_one()) == (setting, value)
            lowered = await connection.execute(text("SELECT lower('ÉWÉ')"))
            assert lowered.scalar_one() == "éwé"
        await engine.dispose()


def test_strangers_cannot_reach_the_servers(folder: Path):
    with EmbeddedServers(folder) as servers:
        for name in ("postgres", "redis"):
            for private in (folder / name, folder / name / "data", folder / name / "run"):
                assert private.stat().st_mode & 0o077 == 0
        assert servers.log_files[0].parent == folder / "postgres"


def test_a_second_process_uses_the_servers_that_run(
    folder: Path, joins: Callable[[Path], Colleague]
):
    with EmbeddedServers(folder) as servers:
        before = postmaster(folder), redis_pid(folder)
        colleague = joins(folder)
        assert (colleague.dsn, colleague.redis_url) == (servers.postgres_dsn, servers.redis_url)
        colleague.leaves()
        assert (postmaster(folder), redis_pid(folder)) == before
        assert sql(servers, "SELECT 1") == 1


def test_the_process_that_started_the_servers_may_leave_first(
    folder: Path, joins: Callable[[Path], Colleague]
):
    first = joins(folder)
    before = postmaster(folder), redis_pid(folder)
    with EmbeddedServers(folder) as servers:
        first.leaves()
        assert (postmaster(folder), redis_pid(folder)) == before
        assert (sql(servers, "SELECT 1"), key(servers, "a", "b")) == (1, "b")
    assert not any(map(is_alive, before))


def test_many_processes_that_start_at_once_share_one_server(folder: Path):
    everybody = [Colleague.arrives(folder) for _ in range(4)]
    addresses = {member.stdout.readline() for member in everybody if member.stdout}
    assert len(addresses) == 1
    for member in everybody:
        member.communicate(timeout=300)
        assert member.returncode == 0


def test_a_long_path_with_spaces_is_a_good_data_folder(tmp_path: Path):
    folder = tmp_path / ("a rather long name " * 8).strip() / "données"
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT 1") == 1
        assert key(servers, "a", "b") == "b"


def test_settings_of_the_caller_do_not_reach_the_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PGPORT", "9999")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LANG", "xx_XX.none")
    with EmbeddedServers(folder, redis=False) as servers:
        assert sql(servers, "SHOW timezone") == "UTC"


def test_an_ordinary_user_has_servers_too(nobodys_folder: Path, nobodys_python: str):
    colleague = Colleague.joins(nobodys_folder / "data", nobodys_python, nobody())
    assert sql(colleague, "SELECT 1") == 1
    assert key(colleague, "a", "b") == "b"
    colleague.leaves()


def test_root_may_look_in_and_the_folder_stays_the_users(nobodys_folder: Path, nobodys_python: str):
    folder = nobodys_folder / "data"
    Colleague.joins(folder, nobodys_python, nobody()).leaves()
    with EmbeddedServers(folder) as servers:
        assert Path(f"/proc/{postmaster(folder)}").stat().st_uid == nobody()["user"]
        sql(servers, "CREATE TABLE visit AS SELECT 'root' AS who")
        key(servers, "visit", "root")
    colleague = Colleague.joins(folder, nobodys_python, nobody())
    assert (sql(colleague, "SELECT who FROM visit"), key(colleague, "visit")) == ("root", "root")
    colleague.leaves()
