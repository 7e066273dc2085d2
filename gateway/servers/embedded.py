"""The servers of a data folder, started when first needed and shared by all gateway processes."""

from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.servers.kept import KeptServer
from gateway.servers.postgres import Postgres
from gateway.servers.redis import Redis


class EmbeddedServers:
    """The PostgreSQL and Redis of `data_dir`, used from `start` to `stop` or to this process's end.

    Every process of a gateway may use the same folder at the same time. The first process starts
    the servers, the others use them, and the last process to leave stops them. A process that is
    killed counts as gone. `start` raises ServerError with one line that says what to do.
    """

    def __init__(self, data_dir: Path, *, postgres: bool = True, redis: bool = True) -> None:
        # The keeper needs an absolute path. It is not resolved, so that errors name the folder as
        # given.
        folder = data_dir.absolute()
        self._folder = folder
        self._postgres = Postgres(folder / "postgres") if postgres else None
        self._redis = Redis(folder / "redis") if redis else None
        self._kept = [
            KeptServer(server, folder / name)
            for name, server in (("postgres", self._postgres), ("redis", self._redis))
            if server is not None
        ]

    def start(self) -> None:
        try:
            for kept in self._kept:
                kept.start()
        except BaseException:
            self.stop()
            raise

    def attach(self) -> None:
        """Use the running servers without creating or starting anything.

        Raises NotRunning when a server does not run.
        """
        try:
            for kept in self._kept:
                kept.attach()
        except BaseException:
            self.stop()
            raise

    def down(self) -> list[KeptServer]:
        """Return the servers that no keeper keeps running."""
        return [kept for kept in self._kept if kept.is_down]

    def refusing(self) -> list[KeptServer]:
        """Return the servers that have a keeper but no process that listens at their socket."""
        return [kept for kept in self._kept if not kept.is_down and kept.refuses]

    @property
    def kept(self) -> tuple[KeptServer, ...]:
        """Return all servers."""
        return tuple(self._kept)

    @property
    def has_redis(self) -> bool:
        """Return whether Redis is one of the servers."""
        return self._redis is not None

    @property
    def data_dir(self) -> Path:
        """Return the folder of all servers, as an absolute path."""
        return self._folder

    def stop(self) -> None:
        for kept in reversed(self._kept):
            kept.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def database_url(self) -> str:
        """Return PostgreSQL's address for SQLAlchemy: `postgresql+asyncpg://...`."""
        assert self._postgres, "started without PostgreSQL"
        return self._postgres.url

    @property
    def postgres_dsn(self) -> str:
        """Return PostgreSQL's address for plain asyncpg."""
        assert self._postgres, "started without PostgreSQL"
        return self._postgres.dsn

    @property
    def redis_url(self) -> str:
        """Return Redis's address for redis-py and RQ."""
        assert self._redis, "started without Redis"
        return self._redis.url

    @property
    def log_files(self) -> tuple[Path, ...]:
        """Return the servers' log files, for an operator who looks into a failure."""
        return tuple(kept.log_file for kept in self._kept)
