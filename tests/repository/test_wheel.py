"""An installed wheel has the lessons and recipes, which lie outside the package in a checkout."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.tasks.lessons.library import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(folder / "installed")
    return folder / "installed"


def printed(installed: Path, look: str, elsewhere: Path) -> str:
    found = subprocess.run(
        [sys.executable, "-c", look],
        cwd=elsewhere,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip()


def test_a_wheel_has_every_lesson_and_finds_it(installed, tmp_path):
    look = "from gateway.tasks.lessons.library import shipped; print(shipped())"
    folder = Path(printed(installed, look, tmp_path))
    assert folder.is_relative_to(installed)
    there = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.toml"))
    assert there == sorted(str(path.relative_to(shipped())) for path in shipped().glob("*/*.toml"))


def test_a_wheel_has_every_recipe_and_finds_it(installed, tmp_path):
    look = """
import json
from gateway.steps.batches.projects.recipes import all_recipes, recipe_files, shipped
print(json.dumps([str(shipped()), sorted(recipe_files()), len(all_recipes())]))
"""
    folder, names, right = json.loads(printed(installed, look, tmp_path))
    assert Path(folder).is_relative_to(installed)
    assert names == sorted(path.stem for path in (ROOT / "config" / "recipes").glob("*.toml"))
    assert right == len(names)
