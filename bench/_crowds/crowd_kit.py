"""crowd-kit in an environment of its own, made on first use: the gateway does not depend on it.

pip's own choice of versions breaks three of its classes (scikit-learn 1.9 has no `__sklearn_tags__`
for them). So the requirements name the last versions with which it works.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

VERSION = "1.4.2"
REQUIRED = (f"crowd-kit=={VERSION}", "scikit-learn==1.5.2", "numpy==2.2.6", "pandas==2.3.3")
FOLDER = Path.home() / ".cache" / "gateway-bench" / f"crowd-kit-{VERSION}"
INSTALL_DEADLINE_S = 900
DAWID_SKENE = """
import json, sys, time
import pandas
from crowdkit.aggregation.classification.dawid_skene import DawidSkene
rows = json.load(sys.stdin)
frame = pandas.DataFrame(rows, columns=["task", "worker", "label"])
started = time.process_time()
DawidSkene(n_iter={iterations}, tol=0).fit_predict(frame)
print(time.process_time() - started)
"""


class CannotRun(Exception):
    """The reason why crowd-kit cannot run on this machine."""


def interpreter() -> Path:
    """Return an interpreter that has crowd-kit, and install it first (770 MB, a minute or two).

    Raises CannotRun when the installation fails.
    """
    python = FOLDER / "bin" / "python"
    done = FOLDER / "ready"
    if not done.exists():
        print(f"installing crowd-kit {VERSION} into {FOLDER} (770 MB, once) ...", file=sys.stderr)
        try:
            venv.create(FOLDER, with_pip=True, clear=True)
            command = [python, "-m", "pip", "install", "-q", *REQUIRED]
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=INSTALL_DEADLINE_S
            )
        except subprocess.CalledProcessError as error:
            raise CannotRun(f"pip: {_last_line(error.stderr)}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotRun(str(error)) from error
        done.touch()
    return python


def dawid_skene_seconds(
    python: Path, rows: list[tuple[str, str, str]], iterations: int, repeats: int
) -> list[float]:
    """Return the CPU seconds of every run of crowd-kit's DawidSkene, without imports.

    Raises CannotRun when a run fails.
    """
    code = DAWID_SKENE.format(iterations=iterations)
    said = json.dumps(rows)
    seconds: list[float] = []
    for _ in range(repeats):
        done = subprocess.run(
            [python, "-c", code], input=said, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotRun(_last_line(done.stderr))
        seconds.append(float(done.stdout))
    return seconds


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1]
