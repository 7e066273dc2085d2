"""An installed wheel has the lessons, which lie outside the package in a checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

from gateway.tasks.lessons.library import shipped

ROOT = Path(__file__).parents[2]


def test_a_wheel_has_every_lesson_and_finds_it(tmp_path):
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    look = "from gateway.tasks.lessons.library import shipped; print(shipped())"
    found = subprocess.run(
        [sys.executable, "-c", look],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    folder = Path(found.stdout.strip())
    assert folder.is_relative_to(installed)
    there = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.toml"))
    assert there == sorted(str(path.relative_to(shipped())) for path in shipped().glob("*/*.toml"))
