"""The servers of a data folder, started when first needed and shared by whoever comes."""

from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.servers.kept import Kept
from gateway.servers.postgres import Postgres
from gateway.servers.redis import Redis


class EmbeddedServers:
    """PostgreSQL and Redis in `data_dir`, used from `start` to `stop` (or to this process's end).

    Every process of a gateway may do this with the same folder at the same time: the first starts
    the servers, the others use them, the last to leave stops them. A process that is killed counts
    as gone. `start` raises ServerError with one line that says what to do.
    """

    def __init__(self, data_dir: Path, *, postgres: bool = True, redis: bool = True) -> None:
        # Absolute, for the keeper; not resolved, so that errors name the folder as it was given.
        folder = data_dir.absolute()
        self._folder = folder
        self._postgres = Postgres(folder / "postgres") if postgres else None
        self._redis = Redis(folder / "redis") if redis else None
        self._kept = [
            Kept(server, folder / name)
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
        """Use the running servers; raises NotRunning, and makes and starts nothing."""
        try:
            for kept in self._kept:
                kept.attach()
        except BaseException:
            self.stop()
            raise

    def down(self) -> list[Kept]:
        """Return the servers that nothing keeps running."""
        return [kept for kept in self._kept if kept.is_down]

    def refusing(self) -> list[Kept]:
        """Return the servers that are kept, and at whose socket nothing listens."""
        return [kept for kept in self._kept if not kept.is_down and kept.refuses]

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The servers."""
        return tuple(self._kept)

    @property
    def has_redis(self) -> bool:
        """Whether Redis is one of them."""
        return self._redis is not None

    @property
    def data_dir(self) -> Path:
        """The folder of all servers, as an absolute path."""
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
        """For SQLAlchemy: `postgresql+asyncpg://...`."""
        assert self._postgres, "started without PostgreSQL"
        return self._postgres.url

    @property
    def postgres_dsn(self) -> str:
        """For plain asyncpg."""
        assert self._postgres, "started without PostgreSQL"
        return self._postgres.dsn

    @property
    def redis_url(self) -> str:
        """For redis-py and RQ."""
        assert self._redis, "started without Redis"
        return self._redis.url

    @property
    def log_files(self) -> tuple[Path, ...]:
        """What the servers say; for a person who looks into a failure."""
        return tuple(kept.log_file for kept in self._kept)
