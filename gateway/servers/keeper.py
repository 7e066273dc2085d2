"""The keeper: one small process that holds one server for as long as any process uses it.

It runs as a script, on the standard library alone, with one JSON argument (`Orders`). Its standard
input is the file whose lock says "a keeper is here". The kernel releases the lock when the process
ends.

- Users hold `users_lock` shared. When the keeper gets it exclusively, no user is left (a killed
  user has lost its lock, too). The keeper then stops the server and ends.
- The keeper starts a server again that dies while it is used.
- A keeper that is killed takes its server along: the kernel sends the server `stop_signal` when
  its parent is gone. That needs Linux. Elsewhere the next start finds the orphan and stops it.

The keeper is a process of its own because a gateway process that started the servers may leave
first. A short command must not take the database away from an API that started after it.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final, TypedDict

PR_SET_PDEATHSIG: Final = 1
QUICK_DEATH_S: Final = 5.0
QUICK_DEATHS_MAX: Final = 5


class Orders(TypedDict):
    """The description of the server that a keeper holds."""

    argv: list[str]
    cwd: str
    env: dict[str, str]
    user: list[int]  # [] keeps the current user, else [uid, gid]
    users_lock: str
    run_dir: str
    stop_signal: int
    force_signal: int
    grace_s: float
    outages: str


class Keeper:
    """The holder of one server. `run` returns the exit code."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._turn = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._unused = False

    def run(self) -> int:
        threading.Thread(target=self._await_last_user, daemon=True).start()
        quick_deaths = 0
        first = True
        while True:
            born = time.monotonic()
            server = self._launch()
            if server is None:
                return self._leave()
            status = server.wait()
            if self._unused:
                return self._leave()
            quick_deaths = quick_deaths + 1 if time.monotonic() - born < QUICK_DEATH_S else 0
            # A server that exits with an error at its very first launch cannot start, and its
            # starter waits to read why. A signal means that it was killed, and a used server
            # recovers from that.
            if first and quick_deaths and status > 0:
                self._leave()
                return 1
            if quick_deaths > QUICK_DEATHS_MAX:
                _say(f"server ended with status {status} too often in a row; giving up")
                return 1
            _say(f"server ended with status {status} while in use; starting it again")
            self._note_outage(status)
            time.sleep(0.2 * quick_deaths)
            first = False

    def _launch(self) -> subprocess.Popen[bytes] | None:
        orders = self._orders
        with self._turn:
            if self._unused:
                return None
            self._server = subprocess.Popen(  # noqa: S603  (our own command line)
                orders["argv"],
                stdin=subprocess.DEVNULL,
                cwd=orders["cwd"],  # entered before the user changes: see postgres.py
                env=orders["env"],
                user=orders["user"][0] if orders["user"] else None,
                group=orders["user"][1] if orders["user"] else None,
                extra_groups=[] if orders["user"] else None,
                preexec_fn=end_with_parent(orders["stop_signal"]),  # noqa: PLW1509  (one thread sleeps in flock)
            )
            return self._server

    def _await_last_user(self) -> None:
        """Sleep until no process uses the server, then stop it. Runs beside the main thread."""
        users = os.open(self._orders["users_lock"], os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(users, fcntl.LOCK_EX)
        with self._turn:
            self._unused = True
            server = self._server
        if server is None:
            return
        server.send_signal(self._orders["stop_signal"])
        time.sleep(self._orders["grace_s"])  # the process ends with the main thread, long before
        server.send_signal(self._orders["force_signal"])

    def _note_outage(self, status: int) -> None:
        line = json.dumps({"at": time.time(), "why": f"the server {end_in_words(status)}"})
        # A full disk must not delay the server's next start.
        with contextlib.suppress(OSError), Path(self._orders["outages"]).open("a") as file:
            file.write(f"{line}\n")

    def _leave(self) -> int:
        # This process still holds both locks, so the next process to start sees either all sockets
        # or none.
        run_dir = Path(self._orders["run_dir"])
        if run_dir.is_dir():
            for entry in run_dir.iterdir():
                entry.unlink(missing_ok=True)
            run_dir.rmdir()
        return 0


def end_with_parent(stop_signal: int, nice: int = 0) -> Callable[[], None] | None:
    """Return a `preexec_fn` by which Linux signals a new process when its parent is gone.

    It also lowers the priority of the process by `nice`, from 0 to 19. To the kernel the parent is
    the thread that starts the process. Return None where there is nothing to do.
    """
    linux = sys.platform.startswith("linux")
    if not linux and not nice:
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl if linux else None
    parent = os.getpid()

    def prepare() -> None:
        if nice:
            os.nice(nice)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
            if os.getppid() != parent:  # the parent was killed between the fork and the request
                os._exit(1)

    return prepare


def end_in_words(status: int) -> str:
    """Return how a process ended, by its exit status or by the signal.

    >>> end_in_words(3), end_in_words(-9)
    ('ended with 3', 'was ended by SIGKILL')
    """
    return f"ended with {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} keeper: {text}\n")
    sys.stderr.flush()


def _go_on(_number: int, _frame: FrameType | None) -> None:
    """Ignore a request to stop, since the users of the server decide when the keeper ends."""


def main() -> int:
    os.umask(0o077)
    # Ctrl-C in the terminal is meant for the gateway, which needs its database until it has ended.
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The handler does nothing. SIG_IGN would not do, because the server would inherit it.
        signal.signal(number, _go_on)
    return Keeper(json.loads(sys.argv[1])).run()


if __name__ == "__main__":
    sys.exit(main())
