"""PostgreSQL in a data folder, on a private Unix socket."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.servers import pgwire
from gateway.servers.account import SystemUser, account_for, can_reach, hand_over
from gateway.servers.binaries import Program, find_postgres
from gateway.servers.diagnose import start_failure
from gateway.servers.errors import ServerError
from gateway.servers.kept import Launch, server_environment
from gateway.servers.rundir import make_run_dir, run_dir
from gateway.servers.stale_pid import clear_leftover

PORT: Final = "5432"

# The settings suit a machine of 1-4 GB that runs the whole gateway. They are given on the command
# line and not written to the data folder, because they change with this code. An operator who wants
# to tune PostgreSQL sets GATEWAY_DATABASE_URL.
SETTINGS: Final = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # The statements of a turn open more tables, monthly partitions and indexes than the default has
    # fast locks for.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",  # Compiling a short statement costs more than running it.
    # A report must not take the second core from the turns.
    "max_parallel_workers_per_gather": "0",
    "huge_pages": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",  # an acknowledged answer is money
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The caller logs its refused statements. Here they would also reveal phone numbers.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}
BUILTIN_LOCALE_MAJOR: Final = 17
SOCKET: Final = f".s.PGSQL.{PORT}"


class Postgres:
    """The description of PostgreSQL that `kept` needs. The database is in `home/data`."""

    name = "PostgreSQL"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "data"

    @property
    def dsn(self) -> str:
        """Return the address for asyncpg."""
        # The address names the port, since the caller's PGPORT would decide otherwise.
        folder = quote(str(run_dir(self._home)), safe="/")
        return f"postgresql://gateway@/gateway?host={folder}&port={PORT}"

    @property
    def url(self) -> str:
        """Return the address for SQLAlchemy."""
        return self.dsn.replace("postgresql:", "postgresql+asyncpg:", 1)

    @property
    def socket(self) -> Path:
        """Return the path of the server's socket."""
        return run_dir(self._home) / SOCKET

    def prepare(self) -> Launch:
        account = account_for(self._data)
        major = self._major_written()
        program = find_postgres(account, major)
        if major is None:
            self._make_data(program, account)
        clear_leftover(self._data / "postmaster.pid", "postgres", signal.SIGINT)
        sockets = make_run_dir(self._home, account)
        settings = {**SETTINGS, "unix_socket_directories": str(sockets)}
        return Launch(
            argv=(
                str(program.path),
                "-D",
                seen_from_inside(self._data, account),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ),
            cwd=self._data,
            run_dir=sockets,
            account=account,
            stop_signal=signal.SIGINT,  # "fast": ends the sessions and writes all data to disk
            force_signal=signal.SIGQUIT,
        )

    def answers(self) -> bool:
        """Return whether the server is ready, and create the database `gateway` if it is missing.

        Raises ServerError when the server refuses the gateway.
        """
        path = self.socket
        try:
            pgwire.ask_postgres(path, "gateway")
        except OSError:
            return False
        except pgwire.Rejected as rejected:
            if rejected.sqlstate == "3D000":  # There is no such database: this is the first start.
                pgwire.ask_postgres(path, "postgres", "CREATE DATABASE gateway")
                return True
            if rejected.sqlstate in {"57P03", "53300"}:  # starting or stopping; all slots taken
                return rejected.sqlstate == "53300"
            raise ServerError(f"PostgreSQL refuses the gateway: {rejected}") from rejected
        return True

    def mended(self, said: str) -> bool:
        return False

    def _major_written(self) -> int | None:
        """Return the major version that wrote the data, or None when there are no data."""
        if not self._data.exists():
            return None
        try:
            return int((self._data / "PG_VERSION").read_text())
        except (FileNotFoundError, ValueError):
            raise ServerError(
                f"{self._data} is there but is not a PostgreSQL data folder: move it away."
            ) from None

    def _make_data(self, program: Program, account: SystemUser) -> None:
        """Run initdb in a folder beside the final place, then rename the folder.

        So a half-made data folder is never taken for a complete one.
        """
        fresh = self._home / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        hand_over(fresh, account)
        locale = (
            ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
            if program.version[0] >= BUILTIN_LOCALE_MAJOR
            else ("--locale=C.UTF-8",)
        )
        done = subprocess.run(  # noqa: S603
            [
                program.path.with_name("initdb"),
                *("-D", seen_from_inside(fresh, account)),
                *("-U", "gateway", "--auth=trust", "--encoding=UTF8", *locale),
            ],
            cwd=fresh,
            env=server_environment(),
            user=account.uid if account.demoted else None,
            group=account.gid if account.demoted else None,
            extra_groups=[] if account.demoted else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise start_failure(
                self.name, self._home, re.sub(r"(?m)^initdb: removing.*\n?", "", done.stdout)
            )
        fresh.rename(self._data)


def seen_from_inside(folder: Path, account: SystemUser) -> str:
    """Return a path by which a demoted server that was started in `folder` can name it.

    The folder may lie below one that is closed to the account (root's home has mode 0700). The
    server enters the folder before it is demoted, and /proc/self/cwd then leads there past the
    closed one. So no folder has to be opened to other users, and the data stay where the operator
    wants them.
    """
    if not account.demoted or can_reach(folder, account):
        return str(folder.resolve())
    if not sys.platform.startswith("linux"):
        raise ServerError(
            f"{folder} lies in a folder closed to the account the database runs under: choose a "
            "data folder that others may enter, or run the gateway as an ordinary user."
        )
    return "/proc/self/cwd"
