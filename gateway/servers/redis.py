"""Redis (or Valkey) in a data folder, on a private Unix socket.

It carries jobs, USSD session state and rate limits. PostgreSQL alone holds the truth. So when Redis
cannot read its file, the file is moved aside and Redis starts empty.
"""

import logging
import re
import signal
import socket
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.servers.account import account_for, hand_over
from gateway.servers.binaries import find_redis
from gateway.servers.kept import Launch
from gateway.servers.rundir import make_run_dir, run_dir
from gateway.servers.stale_pid import clear_leftover

SETTINGS: Final = {
    "port": "0",
    "unixsocketperm": "700",
    "dir": ".",
    "pidfile": "redis.pid",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "databases": "16",
    "daemonize": "no",
    "logfile": "",
}
SOCKET: Final = "redis.sock"
ANSWER_LIMIT_S: Final = 5.0

log = logging.getLogger(__name__)


class Redis:
    """The description of Redis that `kept` needs. Its append-only file is in `home/data`."""

    name = "Redis"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "data"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(run_dir(self._home) / SOCKET), safe='/')}?db=0"

    @property
    def socket(self) -> Path:
        """Return the path of the server's socket."""
        return run_dir(self._home) / SOCKET

    def prepare(self) -> Launch:
        account = account_for(self._data)
        program = find_redis(account)
        if not self._data.exists():
            self._data.mkdir(mode=0o700)
            hand_over(self._data, account)
        clear_leftover(self._data / "redis.pid", "redis-server", signal.SIGTERM)
        sockets = make_run_dir(self._home, account)
        settings = {**SETTINGS, "unixsocket": str(sockets / SOCKET)}
        return Launch(
            argv=(
                str(program.path),
                *(word for name, value in settings.items() for word in (f"--{name}", value)),
            ),
            cwd=self._data,
            run_dir=sockets,
            account=account,
            stop_signal=signal.SIGTERM,
            force_signal=signal.SIGKILL,
        )

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
                wire.settimeout(ANSWER_LIMIT_S)
                wire.connect(str(self.socket))
                wire.sendall(b"PING\r\n")
                # Redis answers "-LOADING ..." while it reads its file.
                return wire.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def mended(self, said: str) -> bool:
        """Move an unreadable append-only file aside and return whether there was one."""
        if not re.search(r"(?i)append[ -]?only file|AOF|short read|RDB", said):
            return False
        if "No space left" in said or not any(self._data.glob("append*")):
            return False
        aside = self._home / f"unreadable-{time.strftime('%Y%m%d-%H%M%S')}"
        self._data.rename(aside)
        log.warning("Redis could not read its file; it starts empty, and the old one is %s", aside)
        return True
