"""Simulations never touch a real gateway.

One is alive in another folder, and every variable points at it.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from gateway.base.errors import Failed
from gateway.cli.replay.town import town as simulated_town
from gateway.settings import Settings
from gateway.settings.apart import apart, leave_every_gateway, scrubbed_environment

REPOSITORY = Path(__file__).parents[3]
SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
ANSWERS = "task,worker,answer\nt0,w0,yes\nt0,w1,yes\nt1,w0,no\nt1,w1,no\n"
TABLES = """select relname from pg_class
  where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"""

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
async def alive(town, embedded, tmp_path):
    """Return the variables of a real gateway, and a function that tells all that is in it.

    Its contents are rows, keys in Redis, and files.
    """
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "secret.key").write_text(SECRET)
    (tmp_path / "elsewhere.toml").write_text("port = 1\n")
    database = town.rt.settings.database_url.get_secret_value()
    variables = {
        "GATEWAY_CONFIG": str(tmp_path / "elsewhere.toml"),
        "GATEWAY_DATA_DIR": str(folder),
        "gateway_data_dir": str(folder),
        "GATEWAY_DATABASE_URL": database,
        "GATEWAY_REDIS_URL": embedded.redis_url,
        "GATEWAY_SECRET_KEY": SECRET,
        "GATEWAY_PROVIDERS__MPESA__KIND": "manual",
        "GATEWAY_PROVIDERS__MPESA__OPTIONS__CURRENCY": "KES",
        "GATEWAY_CHANNELS__AT__SECRET": "real",
        "GATEWAY_CHANNELS__AT__SMS__KIND": "phone",
        "GATEWAY_NO_SUCH_SETTING": "1",
    }

    async def contents():
        connection = await asyncpg.connect(database.replace("+asyncpg", ""))
        try:
            tables = [row["relname"] for row in await connection.fetch(TABLES)]
            rows = {t: await connection.fetchval(f"select count(*) from {t}") for t in tables}  # noqa: S608  # names from the catalogue
        finally:
            await connection.close()
        files = {str(p): p.stat().st_mtime_ns for p in folder.rglob("*")}
        return rows, files

    return variables, contents


@pytest.fixture
def folder_with_settings(tmp_path):
    """A current folder whose settings file and .env name the real gateway too."""
    here = tmp_path / "here"
    (here / "config").mkdir(parents=True)
    real = tmp_path / "real"
    (here / "config" / "gateway.toml").write_text(f"data_dir = {json.dumps(str(real))}\n")
    (here / ".env").write_text(f"GATEWAY_DATA_DIR={real}\n")
    return here


def run(words, folder, variables):
    environment = {**os.environ, **variables, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )


async def test_a_replay_changes_nothing_in_the_gateway_that_the_variables_name(
    alive, folder_with_settings, tmp_path
):
    variables, contents = alive
    before = await contents()
    (tmp_path / "a.csv").write_text(ANSWERS)
    words = ["-m", "gateway", "replay", "--answers", str(tmp_path / "a.csv")]
    ended = run([*words, "--kind", "verification", "--json", "-"], folder_with_settings, variables)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["answers_used"] == 4
    assert await contents() == before
    folder = stated(ended.stderr)
    assert not folder.exists(), "the folder it stated is removed"


async def test_the_proof_changes_nothing_there_either(alive, tmp_path):
    variables, contents = alive
    before = await contents()
    words = ["-m", "tests.system.proof", "--payouts", "20", "--processes", "1"]
    ended = run([*words, "--json", str(tmp_path / "out.json")], REPOSITORY, variables)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert await contents() == before
    assert not stated(ended.stdout).exists()


@pytest.mark.parametrize("package", ["bench", "tests.system.proof", "tests.system.guards"])
def test_a_package_that_simulates_leaves_every_gateway_before_it_does_anything(package):
    code = f"import {package}; from gateway.settings import load, Settings; print(Settings().data_dir, load().data_dir)"
    ended = run(["-c", code], REPOSITORY, {"GATEWAY_DATA_DIR": "/real", "gateway_port": "1"})
    assert ended.stdout.split() == ["gateway-data", "gateway-data"], ended.stderr


def test_the_tests_themselves_have_left_every_gateway():
    assert [n for n in os.environ if n.upper().startswith("GATEWAY_")] == ["GATEWAY_CONFIG"]
    assert os.environ["GATEWAY_CONFIG"] == os.devnull


def test_settings_are_back_after_a_simulation(monkeypatch, tmp_path):
    monkeypatch.setenv("GATEWAY_PORT", "17")
    monkeypatch.setenv("gateway_redis_url", "redis://real")
    with apart(tmp_path / "own.toml"):
        assert Settings().port == 8000
        assert Settings().redis_url is None
        assert os.environ["GATEWAY_CONFIG"] == str(tmp_path / "own.toml")
    assert Settings().port == 17
    assert Settings().redis_url == SecretStr("redis://real")
    child = scrubbed_environment()
    assert "GATEWAY_PORT" not in child
    assert "gateway_redis_url" not in child
    leave_every_gateway()
    assert Settings().port == 8000


async def test_a_simulation_that_waits_in_vain_ends_with_one_line_and_leaves_only_its_logs():
    said = []
    with pytest.raises(Failed) as ended:
        async with simulated_town(runners=1, top_up_minor=1, say=said.append):
            raise TimeoutError
    assert "in time" in str(ended.value)
    assert "\n" not in str(ended.value)
    folder = stated(said[0])
    assert [path.name for path in folder.iterdir()] == ["logs"]
    assert str(folder / "logs") in str(ended.value)
    for log in (folder / "logs").iterdir():
        log.unlink()
    (folder / "logs").rmdir()
    folder.rmdir()


@pytest.mark.parametrize(
    ("number", "begun"),
    [
        (signal.SIGTERM, ()),
        (signal.SIGINT, ()),
        # A shell without job control begins `gateway demo &` with SIGINT ignored.
        (signal.SIGTERM, ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")),
        (signal.SIGINT, ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")),
    ],
)
def test_a_demo_that_is_stopped_removes_its_folder(number, begun, tmp_path):
    demo = subprocess.Popen(
        [*begun, sys.executable, "-m", "gateway", "demo", "--quick", "--json", "-"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    line = next(line for line in demo.stderr if "simulating in" in line)
    demo.send_signal(number)
    _, rest = demo.communicate(timeout=500)
    assert not stated(line).exists(), rest
    assert "Traceback" not in rest


def stated(text: str) -> Path:
    """The folder that a simulation says it works in."""
    line = next(line for line in text.splitlines() if " in /" in line)
    return Path(line.split(" in ", 1)[1].split(",")[0].strip())
