"""A keeper that is killed, and its server with it, is started again by its supervisor."""

import json
import os
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from gateway.servers import EmbeddedServers, locks, outages
from gateway.servers.private import make_private
from gateway.servers.watch import REQUEST, ServerWatch, ask_supervisor

HANG_S = 300.0


@pytest.fixture
def servers(tmp_path):
    with EmbeddedServers(tmp_path / "data") as running:
        yield running


@pytest.fixture
def said():
    return []


@pytest.fixture
def watch(servers, said):
    made = ServerWatch(servers, said.append)
    yield made
    made.close()


def keeper(servers, name) -> int:
    return int((servers.data_dir / name / "keeper.pid").read_text())


def until(watch, what):
    """Look as a supervisor does, until `what` is true."""
    deadline = time.monotonic() + HANG_S
    while not what():
        assert time.monotonic() < deadline, "it hangs"
        watch.look()
        os.sched_yield()


def answering(servers):
    return all(kept._server.answers() for kept in servers.kept)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_keeper_is_started_again(servers, watch, said, name):
    watch.look()
    old = keeper(servers, name)
    os.kill(old, signal.SIGKILL)
    until(watch, lambda: len(said) == 2)
    assert answering(servers)
    assert keeper(servers, name) != old
    assert "is down: its keeper ended; starting it again" in said[0]
    assert "runs again" in said[1]
    (outage,) = outages.since(servers.data_dir / name, time.time() - 600)
    assert "its keeper ended; it was down for" in outage.why


def test_both_keepers_killed_at_once_again_and_again(servers, watch, said):
    for times in range(1, 4):
        for name in ("postgres", "redis"):
            os.kill(keeper(servers, name), signal.SIGKILL)
        until(watch, lambda want=times: len(said) >= 4 * want)
        assert answering(servers)


def test_a_server_that_is_killed_is_written_down(servers):
    pid = int((servers.data_dir / "redis" / "data" / "redis.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + HANG_S
    while not outages.since(servers.data_dir / "redis", 0):
        assert time.monotonic() < deadline
    (outage,) = outages.since(servers.data_dir / "redis", 0)
    assert outage.why == "the server was ended by SIGKILL"


def test_a_keeper_that_is_stopped_while_its_server_dies_is_replaced_when_asked(
    servers, watch, monkeypatch
):
    """The lock is still held; only who cannot connect knows that something is wrong."""
    old = keeper(servers, "redis")
    os.kill(old, signal.SIGSTOP)
    os.kill(int((servers.data_dir / "redis" / "data" / "redis.pid").read_text()), signal.SIGKILL)
    watch.look()
    assert all(one._starting is None for one in watch._each), "nothing is seen"
    ask_supervisor(servers.data_dir)
    until(watch, lambda: keeper(servers, "redis") != old and answering(servers))
    assert not (servers.data_dir / REQUEST).exists()


def test_a_server_that_listens_and_does_not_answer_is_left_alone(servers):
    """It may be in a long recovery from a crash.

    Ending its keeper would begin the recovery anew, for ever.
    """
    (kept,) = [one for one in servers.kept if one.name == "Redis"]
    pid = int((servers.data_dir / "redis" / "data" / "redis.pid").read_text())
    old = keeper(servers, "redis")
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not kept.refuses
        kept.end_idle_keeper()
        assert not kept.is_down
        assert keeper(servers, "redis") == old
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_start_that_fails_is_tried_again_and_said(servers, watch, said):
    home = servers.data_dir / "redis"
    home.rename(servers.data_dir / "away")
    home.write_text("in the way")
    until(watch, lambda: any("could not be started" in one for one in said))
    home.unlink()
    (servers.data_dir / "away").rename(home)
    until(watch, lambda: answering(servers) and not servers.down())


def test_looking_at_a_stopped_folder_makes_nothing(tmp_path):
    servers = EmbeddedServers(tmp_path / "data")
    assert [kept.name for kept in servers.down()] == ["PostgreSQL", "Redis"]
    assert not (tmp_path / "data").exists()
    assert not locks.is_held(tmp_path / "none.lock")
    assert list(tmp_path.iterdir()) == []


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in folder.rglob("*")
        if not path.is_symlink()
    }


def test_an_open_folder_of_an_earlier_version_is_closed(servers):
    folder = servers.data_dir
    for name in ("logs", "ready", "spool"):
        (folder / name).mkdir()
        (folder / name / "file.log").write_text("x")
        (folder / name / "file.log").chmod(0o644)
        (folder / name).chmod(0o755)
    (folder / "up.lock").write_text("")
    (folder / "up.lock").chmod(0o666)
    (folder / "redis" / "users.lock").chmod(0o666)
    folder.chmod(0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    open_ones = {name: oct(mode) for name, mode in modes(folder).items() if mode & 0o077}
    assert open_ones == {}


def test_a_folder_of_another_user_keeps_its_mode(tmp_path):
    (tmp_path / "letters.txt").write_text("x")
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_hold_a_lock_of_ours():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "up.lock"
        os.close(locks.take_lock(path, shared=False, wait_s=1))
        done = subprocess.run(
            ["/usr/bin/flock", "--nonblock", str(path), "/usr/bin/true"],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Permission denied" in done.stderr
        os.close(locks.take_lock(path, shared=False, wait_s=1))


def test_outages_that_a_full_disk_cut_are_left_out(tmp_path):
    outages.note(tmp_path, "one")
    with outages.file_of(tmp_path).open("a") as file:
        file.write('{"at": 12')
    assert [one.why for one in outages.since(tmp_path, 0)] == ["one"]
    assert json.loads(outages.file_of(tmp_path).read_text().splitlines()[0])["why"] == "one"
