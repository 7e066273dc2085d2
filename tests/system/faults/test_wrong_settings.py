"""An operator's mistakes are told in one line that says what to do; exit code 1, no traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings.apart import scrubbed_environment

REPOSITORY = Path(__file__).parents[3]
SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
NOBODY = "postgresql://u:hunter2@127.0.0.1:1/x"


def gateway(folder, *words, **env):
    """One command, run to its end."""
    kept = scrubbed_environment()
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=REPOSITORY,
        env={**kept, "GATEWAY_DATA_DIR": str(folder / "data"), **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


WRONG = {
    "nobody at the database": ("migrate", {"GATEWAY_DATABASE_URL": NOBODY, "GATEWAY_SECRET_KEY": SECRET}, "GATEWAY_DATABASE_URL"),
    "a database of another kind": ("migrate", {"GATEWAY_DATABASE_URL": "mysql://x/y", "GATEWAY_SECRET_KEY": SECRET}, "GATEWAY_DATABASE_URL"),
    "no secret for a database of one's own": ("migrate", {"GATEWAY_DATABASE_URL": NOBODY}, "GATEWAY_SECRET_KEY"),
    "a setting there is not": ("channels", {"GATEWAY_DATBASE_URL": "x"}, "GATEWAY_DATBASE_URL"),
    "a port that is none": ("channels", {"GATEWAY_PORT": "eighty"}, "port"),
    "a port too high": ("channels", {"GATEWAY_PORT": "70000"}, "port"),
    "a channel that is to take over and is not there": ("channels", {"GATEWAY_CHANNELS__PHONE__SECRET": "s", "GATEWAY_CHANNELS__PHONE__SMS__KIND": "phone", "GATEWAY_CHANNELS__PHONE__FALLBACK": "twilio"}, "channels.phone.fallback: no other SMS channel is called 'twilio'"),
    "a file that is not there": ("channels", {"GATEWAY_CONFIG": "/nowhere/gateway.toml"}, "/nowhere/gateway.toml"),
    "a data folder that is a file": ("migrate", {"GATEWAY_DATA_DIR": "/etc/passwd"}, "/etc/passwd"),
    "a data folder nobody may make": ("migrate", {"GATEWAY_DATA_DIR": "/proc/gateway"}, "/proc/gateway"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_one_line(tmp_path, what):
    command, env, said = WRONG[what]
    ended = gateway(tmp_path, command, **env)
    assert ended.returncode == 1, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("gateway: ")
    assert said in lines[0]
    assert "hunter2" not in ended.stderr + ended.stdout, "passwords are not shown"


def test_a_broken_configuration_file_is_one_line(tmp_path):
    config = tmp_path / "gateway.toml"
    config.write_text("port = \n")
    ended = gateway(tmp_path, "channels", GATEWAY_CONFIG=str(config))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert str(config) in ended.stderr
    config.write_text('[channels.x]\nsecret = "s"\ncolour = "red"\n')
    ended = gateway(tmp_path, "channels", GATEWAY_CONFIG=str(config))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "colour" in ended.stderr


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


def test_empty_variables_count_as_not_set(empty):
    names = (
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "PORT",
        "HOST",
        "PUBLIC_URL",
        "CONFIG",
        "REGION",
    )
    ended = gateway(empty, "migrate", **{f"GATEWAY_{name}": "" for name in names})
    assert ended.returncode == 0, ended.stderr
    assert (empty / "data/postgres").is_dir()


def test_a_taken_port_is_one_line(empty):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = gateway(empty, "api", "--port", str(port))
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert f"port {port} is taken" in line
    assert "GATEWAY_PORT" in line


@pytest.mark.parametrize("command", ["runner", "ticker", "api"])
def test_a_wrong_redis_is_one_line(empty, command):
    ended = gateway(empty, command, GATEWAY_REDIS_URL="nonsense://x")
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert "GATEWAY_REDIS_URL" in line


def test_a_secret_that_is_none_is_one_line(empty):
    ended = gateway(empty, "client", "list", GATEWAY_SECRET_KEY="tooshort")
    assert ended.returncode == 1, ended.stdout
    (line,) = ended.stderr.strip().splitlines()
    assert "GATEWAY_SECRET_KEY" in line
