"""`make setup` installs what was locked, from any source."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def locked(name: str) -> list[str]:
    """The requirements of a lock, each in one line."""
    lines = re.sub(r"\\\n", " ", (ROOT / name).read_text()).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def test_every_dependency_is_locked_by_its_hashes_and_no_registry_is_named():
    for name in ("requirements.lock", "scripts/uv.txt"):
        assert "://" not in (ROOT / name).read_text(), "an address ties everybody to one registry"
        for line in locked(name):
            assert re.match(r"[\w.-]+==\S+", line), line
            assert "--hash=sha256:" in line, line.partition(" ")[0]


def test_every_dependency_of_the_project_is_in_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[\[><=; ]", each)[0].lower().replace("_", "-") for each in wanted}
    assert names <= {line.partition("==")[0] for line in locked("requirements.lock")}
