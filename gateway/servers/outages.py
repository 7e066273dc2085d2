"""The record of a server's outages: one line per outage in a file beside the server's data.

`gateway doctor` reads it. A server that runs again leaves no other trace for the operator.
"""

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from gateway.servers import locks

BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage of a server. `at` is a Unix time."""

    at: float
    why: str


def file_of(home: Path) -> Path:
    """Return the file of a server's outages."""
    return home / "outages.jsonl"


def note(home: Path, why: str) -> None:
    """Record an outage. On a full disk the record is lost, and nothing else suffers."""
    with contextlib.suppress(OSError):
        path = file_of(home)
        if path.exists() and path.stat().st_size > BYTES_MAX:
            path.replace(path.with_suffix(".jsonl.1"))
        handle = locks.open_private(path, os.O_APPEND)
        try:
            os.write(handle, (json.dumps({"at": time.time(), "why": why}) + "\n").encode())
        finally:
            os.close(handle)


def since(home: Path, at: float) -> list[Outage]:
    """Return the outages after a Unix time, oldest first.

    Lines that a full disk cut off are left out.
    """
    found = list[Outage]()
    with contextlib.suppress(OSError):
        for line in file_of(home).read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                told = cast("dict[str, Any]", json.loads(line))
                if float(told["at"]) > at:
                    found.append(Outage(float(told["at"]), str(told["why"])))
    return found
