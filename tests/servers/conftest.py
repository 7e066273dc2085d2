"""A data folder, and colleagues who are sent home after each test."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.servers import EmbeddedServers

from .colleagues import REPOSITORY, Colleague, nobody


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose servers ran once: copying it is faster than making one."""
    folder = tmp_path_factory.mktemp("servers") / "data"
    with EmbeddedServers(folder):
        pass
    return folder


@pytest.fixture
def folder(new_folder: Path, tmp_path: Path) -> Path:
    """A data folder; when root tests, it lies under one closed to the servers' account."""
    subprocess.run(["cp", "-a", new_folder, tmp_path / "data"], check=True)
    return tmp_path / "data"


@pytest.fixture
def joins() -> Iterator[Callable[[Path], Colleague]]:
    everybody: list[Colleague] = []

    def join(folder: Path) -> Colleague:
        everybody.append(Colleague.joins(folder))
        return everybody[-1]

    yield join
    for colleague in everybody:
        colleague.is_killed()


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder of the ordinary user `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-test-"))
    os.chown(folder, nobody()["user"], nobody()["group"])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def nobodys_python() -> str:
    """A Python that the ordinary user `nobody` can run, with our code in reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests ran as an ordinary one")
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-c", "import sys, gateway; sys.exit(sys.version_info < (3, 11))"],
                cwd="/",
                env={"PYTHONPATH": str(REPOSITORY)},
                check=False,
                capture_output=True,
                **nobody(),
            )
        except PermissionError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("no Python 3.11 or no code that other users can reach: all is in root's home")
