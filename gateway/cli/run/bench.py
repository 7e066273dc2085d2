"""The command `gateway bench`, which runs the benchmarks of a checkout.

Each is a module in `bench/` that prints its results as JSON.
"""

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer

import gateway
from gateway.base.errors import Refused
from gateway.cli.json_output import write_json
from gateway.settings.apart import scrubbed_environment

FOLDER = Path(gateway.__file__).parent.parent / "bench"


_SHORT = frozenset({"edges", "growth"})
"""The benchmarks with a short form: few rows, or no bar that depends on the machine's speed."""


def bench(name: str | None, out: Path | None, *, short: bool = False) -> None:
    """Run one benchmark, or all, and show the gateway's figure, the floor and the ratio.

    Raises Refused when a bar is missed.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    if not names:
        raise Refused(
            f"there are no benchmarks in {FOLDER}: run this from a checkout of the source"
        )
    if name and name not in names:
        raise Refused(f"no benchmark {name!r}; there is: {', '.join(names)}")
    if short and name not in _SHORT:
        raise Refused(f"--short goes with one of: {', '.join(sorted(_SHORT))}")
    results: list[dict[str, Any]] = []
    for one in [name] if name else names:
        typer.echo(f"running {one} ...", err=True)
        results += _run(one, "--short") if short else _run(one)
    if str(out) != "-":
        for r in results:
            typer.echo(
                f"{r['name']}: {r['ours']} {r['unit']}, floor {r['floor']}, ratio {r['ratio']}  ({r['note']})"
            )
    machine = f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}"
    write_json({"results": results, "machine": machine}, out)
    if missed := [f"{r['name']}: {one}" for r in results for one in r.get("missed", ())]:
        raise Refused(f"bars that are missed: {'; '.join(missed)}")


def _run(name: str, *words: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", f"bench.{name}", *words]
    done = subprocess.run(  # noqa: S603  # our own module
        command,
        cwd=FOLDER.parent,
        env=scrubbed_environment(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise Refused(
            f"the benchmark {name} failed; run it by itself to see why: python -m bench.{name}"
        )
    return json.loads(done.stdout)["results"]
