"""One server, shared by every gateway process of a data folder.

    start.lock    held while one process looks, prepares and starts: two never do it at once
    users.lock    held shared by every process that uses the server
    keeper.lock   held by the keeper (see `keeper`) for as long as it lives

So it does not matter which process came first, which leaves first, or which was killed.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.servers import keeper, locks, outages
from gateway.servers.account import SystemUser
from gateway.servers.diagnose import said_plainly, start_failure
from gateway.servers.errors import NotRunning, ServerError

START_LIMIT_S: Final = 300.0  # a crash recovery on a slow disk takes its time
STOP_LIMIT_S: Final = 90.0
POLL_S: Final = 0.005
ATTACH_LIMIT_S: Final = 30.0
CONNECT_LIMIT_S: Final = 5.0
KEEPER_PID: Final = "keeper.pid"
LOG_BYTES_MAX: Final = 5_000_000
SERVER_GRACE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Launch:
    """The command and the surroundings with which a prepared server starts."""

    argv: tuple[str, ...]
    cwd: Path
    run_dir: Path
    account: SystemUser
    stop_signal: int
    force_signal: int


class ServerProgram(Protocol):
    """The interface of a kind of server; its methods are all that differs between the kinds."""

    @property
    def name(self) -> str: ...

    @property
    def socket(self) -> Path:
        """Return the path of the server's socket, which need not exist."""
        ...

    def prepare(self) -> Launch:
        """Make the data folder ready to be served, and clear the remains of a killed server."""
        ...

    def answers(self) -> bool:
        """Return whether the server can be used now."""
        ...

    def mended(self, said: str) -> bool:
        """Return whether the cause of a failed start was found in its output and removed.

        `said` is the output of the failed start.
        """
        ...


class KeptServer:
    """A use of one server, from `start` to `stop` or to the end of this process."""

    def __init__(self, server: ServerProgram, home: Path) -> None:
        self._server = server
        self._home = home
        self._use: int | None = None
        self._started_by = 0
        self._keeper_pid: int | None = None

    @property
    def log_file(self) -> Path:
        return self._home / "server.log"

    def start(self) -> None:
        """Use the running server, or start it. Raises ServerError when it cannot run."""
        assert self._use is None, "already started"
        with said_plainly(self._server.name, self._home):
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            turn = locks.take_lock(self._home / "start.lock", shared=False, wait_s=START_LIMIT_S)
            try:
                # This waits while a keeper without users takes its server down.
                users = self._home / "users.lock"
                self._started_by = os.getpid()
                self._use = locks.take_lock(users, shared=True, wait_s=STOP_LIMIT_S)
                self._find_or_start()
            except BaseException:
                self._let_go()
                raise
            finally:
                os.close(turn)

    @property
    def name(self) -> str:
        """Return the server's name."""
        return self._server.name

    @property
    def home(self) -> Path:
        """Return the server's folder."""
        return self._home

    @property
    def is_down(self) -> bool:
        """Return whether no keeper keeps the server running."""
        self._reap()
        return not self._is_kept()

    @property
    def refuses(self) -> bool:
        """Return whether no process listens at the server's socket.

        A slow or frozen server still listens.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
                wire.settimeout(CONNECT_LIMIT_S)
                wire.connect(str(self._server.socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return True
        except OSError:
            return False
        return False

    def attach(self) -> None:
        """Use the running server without creating or starting anything.

        Raises NotRunning when the server does not run.
        """
        assert self._use is None, "already started"
        with said_plainly(self._server.name, self._home):
            self._must_be_kept()
            self._started_by = os.getpid()
            self._use = locks.take_lock(
                self._home / "users.lock", shared=True, wait_s=ATTACH_LIMIT_S
            )
            try:
                self._await_answer()
            except BaseException:
                self._let_go()
                raise

    def _await_answer(self) -> None:
        deadline = time.monotonic() + ATTACH_LIMIT_S
        while not self._server.answers():
            self._must_be_kept()
            if time.monotonic() > deadline:
                raise NotRunning(f"{self._server.name} does not answer")
            time.sleep(POLL_S)

    def _must_be_kept(self) -> None:
        if not self._is_kept():
            raise NotRunning(f"{self._server.name} is down")

    def end_idle_keeper(self) -> None:
        """End a keeper that lives on (stopped or stuck) after its server is gone.

        Its end releases the lock, so that another keeper can take over.
        """
        told = self._home / KEEPER_PID
        # `answers` would not do: a server that recovers from a crash listens but does not answer
        # yet, and it must not be disturbed.
        if not (self._is_kept() and self.refuses):
            return
        with contextlib.suppress(OSError, ValueError):
            pid = int(told.read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if os.fsencode(keeper.__file__) in words:
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End this use. The last process to leave waits until the server is down."""
        if self._use is None:
            return
        if os.getpid() != self._started_by:
            # This is a forked child's copy. Asking for more would take the parent's lock.
            self._let_go()
            return
        last = locks.nobody_else(self._use)
        self._let_go()
        # When the lock is not available, either other users stay or the keeper has just taken it.
        if last or locks.is_held(self._home / "users.lock"):
            deadline = time.monotonic() + STOP_LIMIT_S
            while self._is_kept() and time.monotonic() < deadline:
                time.sleep(POLL_S)
        self._reap()

    def _let_go(self) -> None:
        if self._use is not None:
            # The file is closed, not unlocked: a forked child that still uses the server keeps its
            # copy.
            os.close(self._use)
            self._use = None

    def _find_or_start(self) -> None:
        if self._is_kept() and self._answers_in_time():
            return
        said = ""
        for _ in range(2):  # the second time after `mended` removed the cause
            said_before = self._log_size()
            self._start_keeper(self._server.prepare())
            if self._answers_in_time():
                return
            said = self._said_since(said_before)
            if not self._server.mended(said):
                break
        raise start_failure(self._server.name, self._home, said)

    def _is_kept(self) -> bool:
        return locks.is_held(self._home / "keeper.lock")

    def _answers_in_time(self) -> bool:
        """Wait until the server answers and return True, or False when its keeper has given up.

        Raises ServerError when the server does not answer in time.
        """
        deadline = time.monotonic() + START_LIMIT_S
        while not self._server.answers():
            if not self._is_kept():
                return False
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{self._server.name} has not answered for {START_LIMIT_S:.0f} s; it may be "
                    f"recovering from a crash, see {self.log_file}. Start again to go on waiting."
                )
            time.sleep(POLL_S)
        return True

    def _start_keeper(self, launch: Launch) -> None:
        orders: keeper.Orders = {
            "argv": list(launch.argv),
            "cwd": str(launch.cwd),
            "env": server_environment(),
            "user": launch.account.ids,
            "users_lock": str(self._home / "users.lock"),
            "run_dir": str(launch.run_dir),
            "stop_signal": launch.stop_signal,
            "force_signal": launch.force_signal,
            "grace_s": SERVER_GRACE_S,
            "outages": str(outages.file_of(self._home)),
        }
        # With -I -S the keeper loads no package of this environment, so it starts in about 20 ms.
        # This process takes the keeper's lock and hands it over as standard input, so that the lock
        # always has a holder.
        argv = [sys.executable, "-I", "-S", keeper.__file__, json.dumps(orders)]
        lock = locks.take_lock(self._home / "keeper.lock", shared=False, wait_s=2.0)
        out = self._open_log()
        try:
            self._reap()
            self._keeper_pid = os.posix_spawn(
                sys.executable,
                argv,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, here, there)
                    for here, there in ((lock, 0), (out, 1), (out, 2))
                ],
            )
            with contextlib.suppress(OSError):  # a full disk must not keep a server down
                self._note_keeper(self._keeper_pid)
        finally:
            os.close(lock)
            os.close(out)

    def _note_keeper(self, pid: int) -> None:
        """Write the keeper's process id in one step, since others may read it at any moment."""
        written = self._home / f"{KEEPER_PID}.new"
        handle = locks.open_private(written, os.O_TRUNC)
        try:
            os.write(handle, str(pid).encode())
        finally:
            os.close(handle)
        written.replace(self._home / KEEPER_PID)

    def _reap(self) -> None:
        """Collect the keeper's exit status, so that an ended keeper does not stay as a zombie."""
        if self._keeper_pid is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._keeper_pid, os.WNOHANG)

    def _open_log(self) -> int:
        if self._log_size() > LOG_BYTES_MAX:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        return locks.open_private(self.log_file, os.O_APPEND)

    def _log_size(self) -> int:
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def _said_since(self, start_bytes: int) -> str:
        with self.log_file.open("rb") as written:
            written.seek(start_bytes if start_bytes <= self._log_size() else 0)
            return written.read().decode(errors="replace")


def server_environment() -> dict[str, str]:
    """Return a plain environment without the caller's PGPORT, LANG and similar variables.

    They must not reach the server.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **kept}
