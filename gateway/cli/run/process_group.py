"""A group of processes that are started in order, restarted when one dies, and stopped together.

None outlives this process, however it ends, because the kernel then sends each a SIGTERM. macOS has
no such service, so there only `stop` stops them. To the kernel the parent is the thread that
started them, so start them from the main thread. The output of each goes to a log file of its own.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from gateway.base.errors import Failed
from gateway.base.logs import is_routine, pretty
from gateway.servers.keeper import end_in_words, end_with_parent
from gateway.servers.watch import ServerWatch

# A process that is not ready by then hangs. A slow laptop under load needs two minutes.
READY_LIMIT_S: Final = 300.0
STOP_LIMIT_S: Final = 15.0
LOG_BYTES_MAX: Final = 5_000_000
_PAUSE_FIRST_S, _PAUSE_MAX_S = 1.0, 30.0
# A process that lived this long was healthy, so its next death counts as the first.
_WELL_AFTER_S = 60.0
_POLL_S = 0.02
_LINE_SHOWN_MAX = 400

Say = Callable[[str], None]


@dataclass(slots=True)
class _Child:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready_file: Path | None
    log: Path
    pass_fds: Sequence[int] = ()
    nice: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    again_at: float = 0.0
    deaths: int = 0  # in a row
    seen_bytes: int = 0  # the part of the log that was passed on, or existed before

    def pause_s(self) -> float:
        return min(_PAUSE_FIRST_S * 2 ** (self.deaths - 1), _PAUSE_MAX_S)


def gateway_argv(*words: str) -> list[str]:
    """Return the command line of another process of this very gateway."""
    return [sys.executable, "-m", "gateway", *words]


class Children:
    """A group of child processes.

    `start` each, `wait_ready` where others need it, `watch` now and then, and `stop` at the end (or
    use `with`). `routine` says whether the lines of the usual course of work are passed on; the log
    files have them in any case.
    """

    def __init__(self, log_dir: Path, say: Say = print, *, routine: bool = True) -> None:
        self._log_dir = log_dir
        self._say = say
        self._routine = routine
        self._children: dict[str, _Child] = {}
        self._servers: ServerWatch | None = None

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        ready_file: Path | None = None,
        pass_fds: Sequence[int] = (),
        nice: int = 0,
    ) -> None:
        """Start a process. `env` is added to the current environment.

        `wait_ready` waits for its `ready_file`, if any. `pass_fds` are sockets that it inherits,
        also when it is restarted. `nice` lowers its priority, from 0 to 19.
        """
        for folder in (self._log_dir, ready_file and ready_file.parent):
            if folder:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = self._log_dir / f"{name}.log"
        child = _Child(name, argv, env or {}, ready_file, log, pass_fds, nice)
        self._children[name] = child
        self._spawn(child)

    def wait_ready(self, name: str, limit_s: float = READY_LIMIT_S) -> dict[str, Any]:
        """Return the content of the process's ready file.

        Raises Failed with the last line of the process when it ends instead.
        """
        child = self._children[name]
        assert child.ready_file is not None and child.process is not None
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):  # The file is missing or half written.
                told = cast("dict[str, Any]", json.loads(child.ready_file.read_text()))
                child.seen_bytes = child.log.stat().st_size  # Greetings are not passed on.
                return told
            if child.process.poll() is not None:
                raise Failed(
                    self._last_line(child) or f"{name} ended at once; see {child.log}",
                    retryable=False,
                )
            time.sleep(_POLL_S)
        raise Failed(f"{name} is not ready after {limit_s:.0f} s; see {child.log}", retryable=True)

    def pid(self, name: str) -> int | None:
        """Return the process's id, or None while it is down."""
        process = self._children[name].process
        return process.pid if process and process.poll() is None else None

    def attend(self, servers: ServerWatch) -> None:
        """Watch the servers that the processes depend on as well, from now until `stop`."""
        self._servers = servers

    def watch(self) -> None:
        """Pass on new output, note deaths, and restart each process whose pause is over.

        Call it every second or so.
        """
        if self._servers is not None:
            try:
                self._servers.look()
            except OSError as bad:
                self._tell(f"the servers cannot be watched: {bad}")
        for child in self._children.values():
            self._pass_on(child)
            if child.process is not None and (code := child.process.poll()) is not None:
                self._note_death(child, code)
            if child.process is None and time.monotonic() >= child.again_at:
                try:
                    self._spawn(child)
                except OSError as bad:  # On a full disk the log cannot be written.
                    child.deaths += 1
                    child.again_at = time.monotonic() + child.pause_s()
                    self._tell(f"{child.name} cannot be started: {bad}")

    def stop(self) -> None:
        """Ask all processes to end, wait, and kill each that does not end."""
        if self._servers is not None:
            self._servers.close()
            self._servers = None
        running = [c.process for c in self._children.values() if c.process is not None]
        for process in reversed(running):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for child in self._children.values():
            if child.ready_file is not None:
                child.ready_file.unlink(missing_ok=True)
        self._children.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _tell(self, words: str) -> None:
        """Print a message if possible.

        A full disk or a closed terminal must not end the supervisor.
        """
        with contextlib.suppress(OSError, ValueError):
            self._say(words)

    def _spawn(self, child: _Child) -> None:
        if child.ready_file is not None:
            child.ready_file.unlink(missing_ok=True)
        with child.log.open("ab") as log:
            child.seen_bytes = log.tell()
            # The process has a group of its own, so that Ctrl-C reaches this process only, which
            # then stops all in order.
            child.process = subprocess.Popen(  # noqa: S603  # our own commands
                child.argv,
                env={**os.environ, **child.env, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                pass_fds=child.pass_fds,
                preexec_fn=end_with_parent(signal.SIGTERM, child.nice),  # noqa: PLW1509  # there are no threads here
            )
        child.started_at = time.monotonic()

    def _note_death(self, child: _Child, code: int) -> None:
        lived_s = time.monotonic() - child.started_at
        child.deaths = 1 if lived_s > _WELL_AFTER_S else child.deaths + 1
        child.process = None
        child.again_at = time.monotonic() + child.pause_s()
        # A process that was ended from outside printed nothing about it, so its last line is about
        # another matter.
        said = f": {line}" if code >= 0 and (line := self._last_line(child)) else ""
        self._tell(
            f"{child.name} {end_in_words(code)}{said}; starting it again in {child.pause_s():.0f} s"
        )

    def _pass_on(self, child: _Child) -> None:
        """Show the log's new lines, and start a log over that has become too long."""
        with contextlib.suppress(OSError), child.log.open("rb+") as log:
            log.seek(child.seen_bytes)
            for line in log.read().decode(errors="replace").splitlines():
                if line.strip() and (self._routine or not is_routine(line)):
                    self._tell(f"{child.name} | {pretty(line)}")
            child.seen_bytes = log.tell()
            if child.seen_bytes > LOG_BYTES_MAX:
                child.log.with_suffix(".log.1").write_bytes(child.log.read_bytes())
                log.truncate(0)
                child.seen_bytes = 0

    def _last_line(self, child: _Child) -> str:
        try:
            with child.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        last = pretty(next((line.strip() for line in reversed(lines) if line.strip()), ""))
        return last.removeprefix("gateway: ")[:_LINE_SHOWN_MAX]
