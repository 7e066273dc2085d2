"""The watch over a data folder's servers: what is down is started again, by whoever supervises.

`gateway up` supervises; a process without one watches for itself. A process under `gateway up` that
cannot reach a server asks for it by a file (`ask`), which the supervisor looks for.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.servers import locks, outages
from gateway.servers.embedded import EmbeddedServers
from gateway.servers.kept import Kept

REQUEST: Final = "restore.request"
PAUSE_FIRST_S: Final = 0.5
PAUSE_MAX_S: Final = 5.0
Say = Callable[[str], None]


def ask(data_dir: Path) -> None:
    """Ask the supervisor of a data folder to look after its servers now."""
    with contextlib.suppress(OSError):
        os.close(locks.open_private(data_dir / REQUEST))


class Watch:
    """The state of one supervisor: what was seen down, and the process that starts it."""

    def __init__(self, servers: EmbeddedServers, say: Say) -> None:
        self._servers = servers
        self._say = say
        self._starting: subprocess.Popen[bytes] | None = None
        self._down_since: dict[str, float] = {}
        self._failures = 0
        self._again_at = 0.0

    def look(self) -> None:
        """Start what is down; it does not wait. Call it every second or so."""
        down = self._servers.down()
        self._note_down(down)
        if self._starting is not None:
            if (code := self._starting.poll()) is None:
                return
            self._finish(code)
            down = self._servers.down()
        self._note_back({kept.name for kept in down})
        if time.monotonic() >= self._again_at and (self._was_asked() or down):
            self._start()

    def close(self) -> None:
        """End the starting process, if one runs."""
        if self._starting is None:
            return
        self._starting.terminate()
        self._starting.communicate()
        self._starting = None

    def _note_down(self, down: list[Kept]) -> None:
        for kept in down:
            if kept.name not in self._down_since:
                self._down_since[kept.name] = time.monotonic()
                self._say(f"{kept.name} is down: its keeper ended; starting it again")

    def _note_back(self, still_down: set[str]) -> None:
        for kept in self._servers.kept:
            if kept.name in self._down_since and kept.name not in still_down:
                away_s = time.monotonic() - self._down_since.pop(kept.name)
                self._say(f"{kept.name} was down for {away_s:.1f} s and runs again")
                outages.note(kept.home, f"its keeper ended; it was down for {away_s:.1f} s")

    def _was_asked(self) -> bool:
        try:
            (self._servers.data_dir / REQUEST).unlink()
        except OSError:
            return False
        return True

    def _start(self) -> None:
        names = [kept.home.name for kept in self._servers.kept]
        # No thread may fork with a function of Python's in between, so this takes none.
        self._starting = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "gateway.servers.restore", str(self._servers.data_dir), *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def _finish(self, code: int) -> None:
        process, self._starting = self._starting, None
        assert process is not None
        said = process.communicate()[1].decode(errors="replace").strip()
        if not code:
            self._failures = 0
            return
        self._failures += 1
        pause_s = min(PAUSE_FIRST_S * 2 ** (self._failures - 1), PAUSE_MAX_S)
        self._again_at = time.monotonic() + pause_s
        why = said.splitlines()[-1] if said else f"ended with {code}"
        self._say(f"the servers could not be started: {why}; trying again in {pause_s:.1f} s")
