"""What commands that need servers share: servers of the data folder where none are given, the secret, the schema."""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from gateway.errors import SettingsError
from gateway.servers.embedded import EmbeddedServers
from gateway.settings import Settings
from gateway.store.schema import migrate
from gateway.vault import new_master_secret


@contextmanager
def served(settings: Settings, *, migrated: bool = False) -> Generator[Settings]:
    """Settings with a database, a Redis and a secret key that work, for as long as the block runs.

    `migrated`: also bring the database to this version. Several processes may do this with one data folder:
    the first starts the servers, the last to leave stops them.
    """
    settings = with_secret(settings)
    servers = EmbeddedServers(
        settings.data_dir, postgres=settings.database_url is None, redis=settings.redis_url is None
    )
    with servers:
        urls: dict[str, SecretStr] = {}
        if settings.database_url is None:
            urls["database_url"] = SecretStr(servers.database_url)
        if settings.redis_url is None:
            urls["redis_url"] = SecretStr(servers.redis_url)
        settings = settings.model_copy(update=urls)
        if migrated:
            assert settings.database_url
            asyncio.run(migrate(settings.database_url.get_secret_value()))
        yield settings


def with_secret(settings: Settings) -> Settings:
    """Settings with a secret key: the one given, or the data folder's own (made once, for its owner's eyes only)."""
    if settings.secret_key:
        return settings
    if settings.database_url:
        raise SettingsError(
            "GATEWAY_SECRET_KEY is missing: with a database of your own the key must be given, or the phone numbers "
            "in it are lost together with this machine; make one with: gateway secret"
        )
    path = settings.data_dir / "secret.key"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _make_key(path)
        return settings.model_copy(update={"secret_key": SecretStr(path.read_text().strip())})
    except OSError as bad:
        raise SettingsError(
            f"the data folder {settings.data_dir} cannot be used: {bad.strerror}; set GATEWAY_DATA_DIR to a folder of yours"
        ) from bad


def _make_key(path: Path) -> None:
    """Whole or not at all: a second process never reads half a key."""
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(new_master_secret())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process was faster: its key counts
    finally:
        draft.unlink()
