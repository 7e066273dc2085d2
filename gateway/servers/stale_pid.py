"""The remains of a killed server: a pid file, and for some moments perhaps the server itself."""

import os
import subprocess
import time
from pathlib import Path
from typing import Final

from gateway.servers.errors import ServerError

STOP_LIMIT_S: Final = 60.0


def clear_leftover(pid_file: Path, program: str, stop_signal: int) -> None:
    """End a server that still works in the pid file's folder, then remove the file.

    The process id alone proves nothing. After a restart of a container, another process may have
    it. Where no parent reaps its children, a killed server stays as a zombie that still seems to be
    there. Either would make PostgreSQL refuse to start for ever. Raises ServerError when the server
    does not stop in time.
    """
    deadline = time.monotonic() + STOP_LIMIT_S
    asked = False
    while (pid := _pid(pid_file)) and _works_in(pid, pid_file.parent, program):
        if not asked:
            os.kill(pid, stop_signal)
            asked = True
        if time.monotonic() > deadline:
            raise ServerError(
                f"{program} (process {pid}) still works in {pid_file.parent} and did not stop "
                f"within {STOP_LIMIT_S:.0f} s: end it with `kill -QUIT {pid}`, then try again."
            )
        time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def _pid(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _works_in(pid: int, folder: Path, program: str) -> bool:
    """Return whether the process is a live `program` in `folder`."""
    process = Path(f"/proc/{pid}")
    if Path("/proc/self/stat").exists():
        try:
            # The line is like "12 (postgres) S ...". The name may hold any character, so the state
            # is read after the last ")".
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            return state not in "ZX" and (process / "cwd").samefile(folder)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False
    said = subprocess.run(  # noqa: S603
        ["/bin/ps", "-p", str(pid), "-o", "stat=,comm="],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split(maxsplit=1)
    return len(said) == 2 and not said[0].startswith("Z") and program in said[1]  # noqa: PLR2004
