"""The watch over a data folder's servers, which starts a server again when it is down.

`gateway up` is the supervisor that watches. A process without a supervisor watches for itself. A
process under `gateway up` that cannot reach a server asks for it with a file (`ask`), which the
supervisor looks for.
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
from gateway.servers.kept import KeptServer

REQUEST: Final = "restore.request"
PAUSE_FIRST_S: Final = 0.5
PAUSE_MAX_S: Final = 5.0
Say = Callable[[str], None]


def ask_supervisor(data_dir: Path) -> None:
    """Ask the supervisor of a data folder to look after its servers now."""
    with contextlib.suppress(OSError):
        os.close(locks.open_private(data_dir / REQUEST))


class ServerWatch:
    """The watch of one supervisor over all servers of a data folder."""

    def __init__(self, servers: EmbeddedServers, say: Say) -> None:
        self._data_dir = servers.data_dir
        # Each server has its own watch: a database that recovers for minutes must not delay Redis.
        self._each = [_One(kept, servers.data_dir, say) for kept in servers.kept]

    def look(self) -> None:
        """Start the servers that are down, without waiting for them. Call it about every second."""
        asked = self._was_asked()
        for one in self._each:
            one.look(asked=asked)

    def close(self) -> None:
        """End the processes that start a server, if any run."""
        for one in self._each:
            one.close()

    def _was_asked(self) -> bool:
        try:
            (self._data_dir / REQUEST).unlink()
        except OSError:
            return False
        return True


class _One:
    """The watch over one server: the time since when it is down, and the process that starts it."""

    def __init__(self, kept: KeptServer, data_dir: Path, say: Say) -> None:
        self._kept, self._data_dir, self._say = kept, data_dir, say
        self._starting: subprocess.Popen[bytes] | None = None
        self._down_since: float | None = None
        self._failures = 0
        self._again_at = 0.0

    def look(self, *, asked: bool) -> None:
        name = self._kept.name
        if self._kept.is_down and self._down_since is None:
            self._down_since = time.monotonic()
            self._say(f"{name} is down: its keeper ended; starting it again")
        if self._starting is not None:
            if (code := self._starting.poll()) is None:
                return
            self._finish(code)
        down = self._kept.is_down
        if self._down_since is not None and not down:
            away_s = time.monotonic() - self._down_since
            self._down_since = None
            outages.note(self._kept.home, f"its keeper ended; it was down for {away_s:.1f} s")
            self._say(f"{name} was down for {away_s:.1f} s and runs again")
        if (asked or down) and time.monotonic() >= self._again_at:
            self._start()

    def close(self) -> None:
        if self._starting is None:
            return
        self._starting.terminate()
        self._starting.communicate()
        self._starting = None

    def _start(self) -> None:
        words = [str(self._data_dir), self._kept.home.name]
        self._starting = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "gateway.servers.restore", *words],
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
        self._say(f"{self._kept.name} could not be started: {why}; trying again in {pause_s:.1f} s")
