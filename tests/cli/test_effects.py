"""The permitted effects of each command, and a machine that enforces them.

A command that reads makes nothing and starts nothing.
"""

import os
import re
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.base.errors import GatewayError
from gateway.cli.commands import app
from gateway.cli.effects import EFFECTS, Effect
from gateway.servers import EmbeddedServers
from tests.console.tree import clean_environment, gateway

ROOT = typer.main.get_command(app)
GIVEN = {"amount": "5", "worker": "1", "number": "1", "event": "1", "finding": "1", "by": "Asha"}


def commands(group=ROOT, path=()):
    """Every command there is, by its words."""
    if getattr(group, "invoke_without_command", False) and path:
        yield " ".join(path), group
    if hasattr(group, "commands"):
        for name, sub in sorted(group.commands.items()):
            yield from commands(sub, (*path, name))
    else:
        yield " ".join(path), group


ALL = dict(commands())
READS = sorted(name for name, effect in EFFECTS.items() if effect is Effect.READS)
REPORTS = sorted(name for name, effect in EFFECTS.items() if effect is Effect.REPORTS)
WRITES = sorted(name for name, effect in EFFECTS.items() if effect is Effect.WRITES)


def words(name: str) -> list[str]:
    """A command line with everything that the command demands."""
    line = name.split()
    for one in ALL[name].params:
        if one.required:
            value = GIVEN.get(one.name, "1")
            if one.name == "file":
                value = __file__
            line += [value] if one.param_type_name == "argument" else [one.opts[-1], value]
    return line


@dataclass
class Done:
    """A command that was run to its end."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch):
    """Run a command in a folder, as `gateway.cli.main` does."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)

    def run(folder: Path, name: str) -> Done:
        monkeypatch.chdir(folder)
        done = CliRunner().invoke(app, words(name), input="")
        if isinstance(done.exception, GatewayError):
            return Done(done.exit_code, done.stdout, f"{done.exception}\n")
        ended = done.exception is None or isinstance(done.exception, SystemExit)
        trace = "" if ended else "".join(traceback.format_exception(done.exception))
        return Done(done.exit_code, done.stdout, done.stderr + trace)

    return run


def test_every_command_is_decided_on():
    assert set(EFFECTS) == set(ALL)


@pytest.mark.parametrize("name", [each for each in (*READS, *REPORTS) if each != "channels"])
def test_in_a_folder_without_a_gateway_nothing_is_made(tmp_path, run, name):
    done = run(tmp_path, name)
    assert list(tmp_path.iterdir()) == [], "no folder, no key, no server"
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    if name == "doctor":
        assert "there is no gateway in ./gateway-data" in said
        return
    assert done.stderr.removeprefix(f"gateway {name}: ") == (
        "there is no gateway in ./gateway-data; start it with `gateway up`, or set GATEWAY_DATA_DIR\n"
    ), said


@pytest.mark.parametrize("name", WRITES)
def test_a_command_that_changes_a_gateway_does_not_make_one(tmp_path, run, name):
    """`client add` in the wrong folder would print a key that opens nothing."""
    done = run(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_addresses_are_listed_without_a_gateway_and_nothing_is_made(tmp_path, run):
    done = run(tmp_path, "channels")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "nothing has run here yet" in done.stdout


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A folder whose gateway was made and is stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    done = gateway(folder / "gateway-data", "migrate")
    assert done.returncode == 0, done.stderr
    return folder


def everything(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("name", READS)
def test_a_stopped_gateway_is_not_started_by_looking(stopped, run, name):
    before = everything(stopped)
    done = run(stopped, name)
    assert everything(stopped) == before
    said = done.stdout + done.stderr
    if name == "channels":
        assert "the gateway is stopped; start it with `gateway up`" in said
        return
    assert done.returncode != 0
    assert re.search(r"PostgreSQL +is down", said), said
    assert "the gateway is stopped; start it with `gateway up`" in said
    if name != "doctor":
        assert done.stderr.count("\n") == 1


def test_a_report_of_a_stopped_gateway_starts_its_servers_and_stops_them(stopped, run):
    done = run(stopped, "impact")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Impact 2")
    for name in ("doctor", "partner list"):
        assert "the gateway is stopped" in run(stopped, name).stderr + run(stopped, name).stdout


@pytest.fixture(scope="module")
def started(stopped, tmp_path_factory):
    """A copy of that folder whose servers run, for all tests that need them."""
    folder = tmp_path_factory.mktemp("started")
    subprocess.run(["cp", "-a", stopped / "gateway-data", folder], check=True)
    with EmbeddedServers(folder / "gateway-data"):
        yield folder


@pytest.mark.parametrize("name", [*READS, *REPORTS])
def test_a_reading_command_reads_in_a_session_that_cannot_write(started, run, name):
    """Each runs on a database that refuses every write: none fails for that."""
    done = run(started, name)
    said = done.stdout + done.stderr
    assert "read-only" not in said, said
    assert "PostgresError" not in said and "asyncpg" not in said, said


def test_a_reading_command_that_writes_would_be_found_out(started):
    """The guard is real: a write under a reading command's name is refused by the database."""
    program = """
from gateway.cli import effects, serving
effects.current = lambda: effects.Effect.READS
serving.with_runtime(lambda rt: rt.db.execute("insert into sql_version values ('x')"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**clean_environment(started / "gateway-data"), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "read-only transaction" in done.stderr
