"""Other gateway processes that use the same data folder, and what they leave in it."""

import asyncio
import json
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import redis

from gateway.servers import EmbeddedServers

REPOSITORY = Path(__file__).parents[2]
PACKAGES = Path(asyncpg.__file__).parents[1]
USES_THE_SERVERS = """
import json, os, sys
from pathlib import Path
from gateway.servers import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])) as servers:
    print(json.dumps([servers.postgres_dsn, servers.redis_url]), flush=True)
    sys.stdin.read()
"""


@dataclass
class Colleague:
    """A process between its start and its stop of the servers."""

    process: subprocess.Popen[str]
    dsn: str
    redis_url: str

    @staticmethod
    def arrives(
        folder: Path,
        python: str = sys.executable,
        account: Mapping[str, Any] | None = None,
    ) -> subprocess.Popen[str]:
        """A process that starts the servers and says their addresses when they are there."""
        return subprocess.Popen(
            [python, "-c", USES_THE_SERVERS, str(folder)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{PACKAGES}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **(account or {}),
        )

    @classmethod
    def joins(
        cls,
        folder: Path,
        python: str = sys.executable,
        account: Mapping[str, Any] | None = None,
    ) -> "Colleague":
        process = cls.arrives(folder, python, account)
        assert process.stdout
        return cls(process, *json.loads(process.stdout.readline()))

    def leaves(self) -> None:
        self.process.communicate(timeout=300)
        assert self.process.returncode == 0

    def is_killed(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=300)


def nobody() -> dict[str, Any]:
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def sql(servers: EmbeddedServers | Colleague, statement: str) -> Any:
    """The first value of one committed statement."""
    dsn = servers.dsn if isinstance(servers, Colleague) else servers.postgres_dsn

    async def run() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def key(servers: EmbeddedServers | Colleague, name: str, value: str | None = None) -> str | None:
    """Set a key when there is a value; the key's value."""
    with redis.Redis.from_url(servers.redis_url, decode_responses=True) as client:
        if value is not None:
            client.set(name, value)
        return client.get(name)


def postmaster(folder: Path) -> int:
    return int((folder / "postgres/data/postmaster.pid").read_text().split("\n")[0])


def redis_pid(folder: Path) -> int:
    return int((folder / "redis/data/redis.pid").read_text())


def keeper_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def in_time(fact: Any, limit_s: float = 15.0) -> bool:
    """Return whether `fact()` becomes true."""
    deadline = time.monotonic() + limit_s
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
