"""Nothing that was acknowledged is lost, whatever is killed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import redis

from gateway.servers import EmbeddedServers

from .colleagues import (
    Colleague,
    in_time,
    is_alive,
    keeper_of,
    key,
    postmaster,
    redis_pid,
    sql,
)


def test_a_server_killed_in_use_comes_back_with_its_rows(folder: Path):
    with EmbeddedServers(folder) as servers:
        sql(servers, "CREATE TABLE answer AS SELECT 'yes' AS value")
        key(servers, "session", "menu")
        before = postmaster(folder), redis_pid(folder)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert in_time(lambda: _works(servers))
        assert sql(servers, "SELECT value FROM answer") == "yes"
        assert key(servers, "session") == "menu"
        assert before != (postmaster(folder), redis_pid(folder))


def test_when_the_only_user_is_killed_the_servers_go_and_nothing_is_lost(
    folder: Path, joins: Callable[[Path], Colleague]
):
    colleague = joins(folder)
    sql(colleague, "CREATE TABLE answer AS SELECT 'yes' AS value")
    key(colleague, "session", "menu")
    pids = postmaster(folder), redis_pid(folder)
    colleague.is_killed()
    assert in_time(lambda: not any(map(is_alive, pids)))
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT value FROM answer") == "yes"
        assert key(servers, "session") == "menu"


def test_a_start_right_after_the_kill_finds_everything(
    folder: Path, joins: Callable[[Path], Colleague]
):
    colleague = joins(folder)
    sql(colleague, "CREATE TABLE answer AS SELECT 'yes' AS value")
    colleague.is_killed()
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT value FROM answer") == "yes"


def test_everything_killed_at_once_and_started_again(
    folder: Path, joins: Callable[[Path], Colleague]
):
    colleague = joins(folder)
    sql(colleague, "CREATE TABLE answer AS SELECT 'yes' AS value")
    key(colleague, "session", "menu")
    servers_pids = postmaster(folder), redis_pid(folder)
    for pid in (*map(keeper_of, servers_pids), *servers_pids, colleague.process.pid):
        os.kill(pid, signal.SIGKILL)
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT value FROM answer") == "yes"
        # Redis writes down once a second: the kill of a process loses nothing that was written.
        assert key(servers, "session") == "menu"


def test_a_killed_keeper_takes_its_server_along_and_the_next_start_brings_it_back(folder: Path):
    first = EmbeddedServers(folder)
    first.start()
    address = first.postgres_dsn
    pids = postmaster(folder), redis_pid(folder)
    for pid in pids:
        os.kill(keeper_of(pid), signal.SIGKILL)
    assert in_time(lambda: not any(map(is_alive, pids)))
    with EmbeddedServers(folder) as second:
        assert second.postgres_dsn == address, "who was there before finds the server again"
        assert sql(second, "SELECT 1") == 1
        first.stop()
        assert sql(second, "SELECT 1") == 1


def test_a_pid_file_that_names_another_process_is_not_believed(folder: Path):
    """After a restart of a container, the old postmaster's number may be that of any process."""
    with EmbeddedServers(folder):
        pids = (folder / "postgres/data/postmaster.pid").read_text().split("\n")
    (folder / "postgres/data/postmaster.pid").write_text("\n".join([str(os.getpid()), *pids[1:]]))
    (folder / "redis/data/redis.pid").write_text(f"{os.getpid()}\n")
    with EmbeddedServers(folder) as servers:
        assert sql(servers, "SELECT 1") == 1


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path):
    folder = tmp_path / "data"
    (folder / "postgres/data.new").mkdir(parents=True)
    (folder / "postgres/data.new/PG_VERSION").write_text("18\n")
    with EmbeddedServers(folder, redis=False) as servers:
        assert sql(servers, "SELECT 1") == 1


def test_redis_starts_empty_when_its_file_cannot_be_read(folder: Path, caplog):
    with EmbeddedServers(folder, postgres=False) as servers:
        key(servers, "session", "menu")
    for written in (folder / "redis/data").rglob("*.aof"):
        written.write_bytes(b"*3\r\n$3\r\nSET\r\n" + b"rubbish" * 50)
    with EmbeddedServers(folder, postgres=False) as servers:
        assert key(servers, "session") is None
        assert key(servers, "session", "menu") == "menu"
    assert "starts empty" in caplog.text
    assert list((folder / "redis").glob("unreadable-*/*"))


def _works(servers: EmbeddedServers) -> bool:
    try:
        return sql(servers, "SELECT true") and key(servers, "again", "1") == "1"
    except (OSError, asyncpg.PostgresError, redis.ConnectionError):
        return False
