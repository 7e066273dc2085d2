"""The example of deploy/many-machines on its hosts.

Its files, its programs, and the current leader.
"""

import asyncio
import os
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import asyncpg

from gateway.base.vault import new_master_secret
from gateway.settings.apart import scrubbed_environment

from .hosts import Host, Network
from .programs import REPOSITORY, Programs, gateway

EXAMPLE = REPOSITORY / "deploy" / "many-machines"
DATABASES, APPLICATIONS = ("db1", "db2"), ("web1", "web2", "api1", "api2", "run1", "run2")
HANG_S = 300.0
T = TypeVar("T")
_COMMANDS = {
    "web": {"web": ("api", "--webhooks", "--port", "8001")},
    "api": {"api": ("api", "--clients", "--port", "8003")},
    "run": {"runner": ("runner",), "ticker": ("ticker",)},
}


@dataclass
class Cluster:
    """The hosts with the example's files.

    `config`: our own settings file, the same on all hosts.
    """

    network: Network
    programs: Programs
    config: str = ""
    words: dict[str, str] = field(
        default_factory=lambda: {
            "SECRET_KEY": new_master_secret(),
            **{
                f"{name}_PASSWORD": secrets.token_hex(12)
                for name in ("DATABASE", "SUPERUSER", "REPLICATION", "REDIS")
            },
        }
    )

    def host(self, name: str) -> Host:
        return self.network.hosts[name]

    async def start(self) -> None:
        """Start everything in the order of the page, and wait until it works."""
        for name in ("db1", "db2", "witness"):
            self.start_host(name)
        primary = await eventually(self.primary, "no database leads")
        await eventually(self.standby, "there is no synchronous standby")
        await self._make_database(primary)
        await self._migrate(primary)
        for name in ("run1", "run2", "web1", "web2", "api1", "api2", "front"):
            self.start_host(name)

    def start_host(self, name: str) -> None:
        """Start the programs of a host, for the first time or after it was killed."""
        host = self.host(name)
        if name in (*DATABASES, "witness"):
            self._run(host, "etcd", f"--config-file={self._file(host, 'etcd.yml')}")
        if name in DATABASES:
            self._start_database(host)
        if name in ("run1", "run2"):
            self._run(host, "redis-server", self._file(host, "redis.conf", self._replica_of(name)))
        if name in ("run1", "run2", "witness"):
            self._run(host, "redis-sentinel", self._file(host, "sentinel.conf"))
        if name in APPLICATIONS:
            self._run(host, "haproxy", "-db", "-f", self._file(host, "haproxy-local.cfg"))
            for log, command in _COMMANDS[name[:3]].items():
                self._gateway(host, log, *command)
        if name == "front":
            self._run(host, "haproxy", "-db", "-f", self._file(host, "haproxy-front.cfg"))

    async def primary(self) -> str:
        """Return the database host that leads; "" when none does."""
        return await self._first_that_answers("primary")

    async def standby(self) -> str:
        """Return the database host that has every commit; "" when none has."""
        return await self._first_that_answers("synchronous")

    async def redis_leader(self) -> str:
        """Return the host whose Redis leads; "" when none does."""
        for name in ("run1", "run2"):
            if await self._redis_role(name) == "master":
                return name
        return ""

    async def redis_pair(self) -> bool:
        """Return whether one Redis leads and the other follows it."""
        roles = {await self._redis_role(name) for name in ("run1", "run2")}
        return roles == {"master", "slave"}

    def kill_redis(self, name: str) -> None:
        """Kill the Redis of a host, and nothing else of it."""
        for pid in self.host(name).processes():
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"redis-server" in words:
                os.kill(pid, 9)

    def start_redis(self, name: str) -> None:
        host = self.host(name)
        self._run(host, "redis-server", str(host.folder / "redis.conf"))

    async def connect(self, user: str = "gateway") -> asyncpg.Connection:
        """Connect to the database that leads, past PgBouncer."""
        name = await eventually(self.primary, "no database leads")
        return await self._connect(name, user)

    def database_url(self, name: str) -> str:
        """Return the address of the database of a host, past PgBouncer."""
        password = self.words["DATABASE_PASSWORD"]
        return f"postgresql://gateway:{password}@{self.host(name).address}:5432/gateway"

    async def _connect(self, name: str, user: str) -> asyncpg.Connection:
        database = "gateway" if user == "gateway" else "postgres"
        password = self.words["DATABASE_PASSWORD" if user == "gateway" else "SUPERUSER_PASSWORD"]
        return await asyncpg.connect(
            host=self.host(name).address,
            port=5432,
            user=user,
            password=password,
            database=database,
            ssl=False,
        )

    async def _make_database(self, primary: str) -> None:
        connection = await self._connect(primary, "postgres")
        password = self.words["DATABASE_PASSWORD"]
        await connection.execute(f"create role gateway login password '{password}'")
        await connection.execute("create database gateway owner gateway")
        await connection.close()

    async def _migrate(self, primary: str) -> None:
        host = self.host("run1")
        env = self._our_environment(host) | {"GATEWAY_DATABASE_URL": self.database_url(primary)}
        process = await asyncio.create_subprocess_exec(
            *host.enter, *gateway(), "migrate", cwd=host.folder, env=env | {"GATEWAY_REDIS_URL": "redis://127.0.0.1:1"},
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await asyncio.wait_for(process.wait(), HANG_S) == 0

    def _start_database(self, host: Host) -> None:
        owned = host.folder / "postgresql"
        if not owned.exists():
            owned.mkdir(mode=0o700)
            (host.folder / "pgbouncer").mkdir(mode=0o700)
        userlist = host.folder / "pgbouncer" / "userlist.txt"
        userlist.write_text(f'"gateway" "{self.words["DATABASE_PASSWORD"]}"\n')
        patroni, pgbouncer = self._file(host, "patroni.yml"), self._file(host, "pgbouncer.ini")
        if self.programs.user:
            for path in (
                owned,
                host.folder / "pgbouncer",
                userlist,
                Path(patroni),
                Path(pgbouncer),
            ):
                os.chown(path, *self.programs.user)
        program = (str(self.programs.python), self.programs.path("patroni"), patroni)
        env, user = self.programs.environment(), self.programs.user
        host.run(program, env, user=user, log="patroni", for_ever=True)
        bouncer = (self.programs.path("pgbouncer"), pgbouncer)
        host.run(bouncer, env, user=user, log="pgbouncer", for_ever=True)

    def _file(self, host: Host, name: str, more: str = "") -> str:
        """Write a file of the example for this host and return its path.

        What its program has rewritten stays.
        """
        path = host.folder / name
        if path.exists() and name in ("redis.conf", "sentinel.conf"):
            return str(path)
        text = (EXAMPLE / name).read_text()
        values = {"NAME": host.name, "ADDRESS": host.address, **self.words}
        for word, value in values.items():
            text = text.replace(f"@{word}@", value)
        text = self.network.of_this_network(text, host) + more
        for there, here in (
            ("/var/lib/etcd/gateway", host.folder / "etcd"),
            ("/var/lib/postgresql", host.folder / "postgresql"),
            ("/usr/lib/postgresql/15/bin", self.programs.postgres),
            ("/var/run/postgresql", host.folder / "postgresql"),
            ("/var/log/postgresql", host.folder / "pgbouncer"),
            ("/etc/pgbouncer", host.folder / "pgbouncer"),
            ("/var/lib/redis", host.folder),
            ("/var/lib/gateway", host.folder / "data"),
        ):
            text = text.replace(there, str(here))
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def _replica_of(self, name: str) -> str:
        leader = self.host("run1").address
        return "" if name == "run1" else f"replicaof {leader} 6379\n"

    def _run(self, host: Host, program: str, *words: str) -> None:
        argv = (self.programs.path(program), *words)
        host.run(argv, self.programs.environment(), log=program, for_ever=program != "redis-server")

    def _gateway(self, host: Host, log: str, *command: str) -> None:
        env = self._our_environment(host)
        host.run((*gateway(), *command), env, log=log, for_ever=True)

    def _our_environment(self, host: Host) -> dict[str, str]:
        lines = Path(self._file(host, "gateway.env")).read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if not line.startswith("#"))
        given = {name: value.strip("'") for name, value in pairs}
        settings = host.folder / "gateway.toml"
        settings.write_text(self.config)
        own = {"GATEWAY_CONFIG": str(settings), "PYTHONPATH": str(REPOSITORY)}
        return {**scrubbed_environment(), **given, **own}

    async def _first_that_answers(self, role: str) -> str:
        for name in DATABASES:
            url = f"http://{self.host(name).address}:8008/{role}"
            if await asyncio.to_thread(_is_ok, url):
                return name
        return ""

    async def _redis_role(self, name: str) -> str:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(self.host(name).address, 6379)
                writer.write(f"AUTH {self.words['REDIS_PASSWORD']}\r\nROLE\r\n".encode())
                await reader.readline()
                await reader.readline()
                await reader.readline()
                role = (await reader.readline()).decode().strip()
                writer.close()
        except (OSError, TimeoutError):
            return ""
        return role


def _is_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


async def eventually(what: Callable[[], Awaitable[T]], otherwise: str) -> T:
    """Return the first true result of `what`. The limit only detects a hang."""
    deadline = time.monotonic() + HANG_S
    while not (found := await what()):
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.2)
    return found
