"""The common part of commands that need servers.

It starts the data folder's own servers where no others are configured, and has the secret key and
the schema.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import structlog
from pydantic import SecretStr

from gateway import settings as settings_room
from gateway.base import logs
from gateway.base.errors import SettingsError
from gateway.base.vault import Vault, new_master_secret
from gateway.servers import locks
from gateway.servers.diagnose import said_plainly
from gateway.servers.embedded import EmbeddedServers
from gateway.servers.errors import NotRunning
from gateway.servers.private import make_private
from gateway.servers.watch import ServerWatch, ask_supervisor
from gateway.settings import Settings
from gateway.steps.runtime import Runtime
from gateway.store.db import AWAY, open_database
from gateway.store.schema import migrate, must_be_current, must_be_known

log = structlog.get_logger()
T = TypeVar("T")

SECRET_FILE: Final = "secret.key"  # noqa: S105  # a name
UP_LOCK: Final = "up.lock"
"""The lock of the `gateway up` of a data folder, which supervises the folder's servers."""
_GUARD_S = 0.5
_CONNECT_EVERY = 10
"""The rounds of the guard between two tries to connect, because the supervisor of a server may live
while the server is gone.
"""


@contextmanager
def served(
    settings: Settings, *, migrated: bool = False, known: bool = True
) -> Generator[Settings]:
    """Yield settings with a working database, Redis and secret key for the length of the block.

    `migrated` also brings the database to this version. `known` refuses a database with the schema
    of a newer version. Several processes may do this with one data folder: the first starts the
    servers, and the last to leave stops them.
    """
    settings = with_secret(settings)
    servers = _servers(settings)
    with servers:
        settings = _with_urls(settings, servers)
        if migrated:
            assert settings.database_url
            asyncio.run(migrate(settings.database_url.get_secret_value()))
        elif known:
            asyncio.run(_must_be_known(settings))
        yield settings


async def _must_be_known(settings: Settings) -> None:
    """Raise SettingsError for a database of a newer program.

    A database that does not answer is no obstacle, because it may come back.
    """
    assert settings.database_url
    try:
        db = await open_database(settings.database_url.get_secret_value(), connections=1)
    except SettingsError:
        return
    try:
        await must_be_known(db)
    except AWAY:
        return
    finally:
        await db.close()


@contextmanager
def serving(settings: Settings, *, migrated: bool = False) -> Generator[Settings]:
    """Yield settings with working servers, for a process that stays.

    Its log lines go to one place, its files belong to its owner alone, and its servers are watched.
    """
    logs.configure(settings.log_format)
    os.umask(0o077)
    with said_plainly("the gateway", settings.data_dir):
        make_private(settings.data_dir)
    with served(settings, migrated=migrated) as ready, _guarded(settings):
        yield ready


@contextmanager
def reading(settings: Settings, *, redis: bool = True) -> Generator[Settings]:
    """Yield settings with running servers, for a command that only reads.

    Nothing is made and nothing is started. Raises SettingsError or NotRunning in one line that says
    what to do.
    """
    settings = with_secret(settings, made=False)
    servers = _servers(settings, redis=redis)
    try:
        servers.attach()
    except NotRunning as bad:
        raise NotRunning(
            f"{bad} in {shown_folder(settings.data_dir)}: {next_step(settings)}"
        ) from None
    try:
        yield _with_urls(settings, servers)
    finally:
        servers.stop()


def shown_folder(data_dir: Path) -> str:
    """Return the data folder as an operator would type it."""
    return str(data_dir) if data_dir.is_absolute() else f"./{data_dir}"


def must_be_there(settings: Settings) -> None:
    """Raise SettingsError in one line when there is no gateway in the data folder."""
    if settings.database_url is None and not is_there(settings.data_dir):
        raise SettingsError(
            f"there is no gateway in {shown_folder(settings.data_dir)}; start it with `gateway up`, or set GATEWAY_DATA_DIR"
        )


def is_there(data_dir: Path) -> bool:
    """Return whether the data folder contains a gateway."""
    return (data_dir / SECRET_FILE).exists() or (data_dir / "postgres" / "data").exists()


def is_up(data_dir: Path) -> bool:
    """Return whether a `gateway up` runs in a data folder."""
    return locks.is_held(data_dir / UP_LOCK)


def next_step(settings: Settings) -> str:
    """Return the advice to an operator about servers that are down."""
    if is_up(settings.data_dir):
        return "the `gateway up` that runs there is starting it again; try again in some seconds"
    return "the gateway is stopped; start it with `gateway up` (or `gateway api`), then try again"


def own_servers(settings: Settings) -> EmbeddedServers:
    """Return the servers of the data folder that these settings use, not started."""
    return _servers(settings)


def _servers(settings: Settings, *, redis: bool = True) -> EmbeddedServers:
    return EmbeddedServers(
        settings.data_dir,
        postgres=settings.database_url is None,
        redis=redis and settings.redis_url is None,
    )


def _with_urls(settings: Settings, servers: EmbeddedServers) -> Settings:
    urls: dict[str, SecretStr] = {}
    if settings.database_url is None:
        urls["database_url"] = SecretStr(servers.database_url)
    if settings.redis_url is None and servers.has_redis:
        urls["redis_url"] = SecretStr(servers.redis_url)
    return settings.model_copy(update=urls)


@contextmanager
def _guarded(settings: Settings) -> Generator[None]:
    """Watch the servers from a thread.

    A server that is down is reported to its supervisor, or started if there is no supervisor.
    """
    servers = _servers(settings)
    if not servers.kept:
        yield
        return
    ended = threading.Event()
    watch = ServerWatch(servers, log.error)

    def guard() -> None:
        rounds = 0
        while not ended.wait(_GUARD_S):
            rounds += 1
            try:
                if servers.down() or (rounds % _CONNECT_EVERY == 0 and servers.refusing()):
                    ask_supervisor(settings.data_dir)
                if not is_up(settings.data_dir):
                    watch.look()
            except OSError as bad:
                log.error("the servers cannot be watched", why=str(bad))

    thread = threading.Thread(target=guard, name="servers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        watch.close()


def with_secret(settings: Settings, *, made: bool = True) -> Settings:
    """Return settings with a secret key: the given one, or the data folder's own.

    The data folder's key is made once, and only its owner can read it. With `made` false a missing
    key is an error, since there is no gateway then.
    """
    if settings.secret_key:
        Vault(
            settings.secret_key.get_secret_value()
        )  # A malformed key is reported before anything starts.
        return settings
    if settings.database_url:
        raise SettingsError(
            "GATEWAY_SECRET_KEY is missing: with a database of your own the key must be given, or the phone numbers "
            "in it are lost together with this machine; make one with: gateway secret"
        )
    path = settings.data_dir / SECRET_FILE
    if not made:
        must_be_there(settings)
    try:
        if made:
            settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_key(path)
        return settings.model_copy(update={"secret_key": SecretStr(path.read_text().strip())})
    except OSError as bad:
        raise SettingsError(
            f"the data folder {settings.data_dir} cannot be used: {bad.strerror}; set GATEWAY_DATA_DIR to a folder of yours"
        ) from bad


def _make_key(path: Path) -> None:
    """Write a new key completely or not at all, so that another process never reads half a key."""
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(new_master_secret())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # The other process was faster, so its key counts.
    finally:
        draft.unlink()


def with_runtime(work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run one piece of work over a runtime whose wake-ups are dropped.

    The ticker finds the work that is left. A command that only reads (see `effects`) starts
    nothing, and its database session is read-only. One that makes a report starts the servers.
    """
    from gateway.app import open_runtime
    from gateway.cli import effects
    from gateway.queue.inline import InlineJobQueue

    effect = effects.current()
    read_only = effect in (effects.Effect.READS, effects.Effect.REPORTS)

    async def run() -> T:
        jobs = InlineJobQueue()
        async with open_runtime(settings, jobs, connections=2, read_only=read_only) as rt:
            if read_only:
                await must_be_current(rt.db)
            return await work(rt)

    given = settings_room.load()
    must_be_there(given)
    only_looks = effect is effects.Effect.READS
    with (
        reading(given, redis=False) if only_looks else served(given, migrated=not read_only)
    ) as settings:
        return asyncio.run(run())


async def of_batch(rt: Runtime, batch: str, rows: Awaitable[T]) -> T:
    """Return `rows`, which belong to this batch.

    Raises Refused for an unknown batch, so that a wrong id does not look like an empty result.
    """
    found = await rows
    await rt.batches.fresh(batch)
    return found
