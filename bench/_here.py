"""The base of benchmarks that run the gateway: servers in a folder of their own, and processes."""

import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from gateway.base.vault import new_master_secret
from gateway.cli.replay.town import free_port
from gateway.cli.serving import served
from gateway.settings import Settings


@contextmanager
def gateway(**settings: object) -> Generator[Settings]:
    """Yield settings with an empty, migrated database and a Redis for this run."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        print(f"benchmark in {folder}, removed at the end", file=sys.stderr)
        made = Settings(
            data_dir=Path(folder),
            database_url=None,
            redis_url=None,
            secret_key=SecretStr(new_master_secret()),
            private_addresses=("127.0.0.0/8",),  # Providers run on this machine in a benchmark.
            **settings,
        )
        with served(made, migrated=True) as ready:
            yield ready


Results = list[dict[str, object]]


def measured(
    measure: Callable[[Settings, int, Callable[[str], None]], Awaitable[Results]], rows: int
) -> Results:
    """Measure a gateway that this run starts, with this number of rows, and tell its progress."""

    async def run(settings: Settings) -> Results:
        return await measure(settings, rows, lambda text: print(text, file=sys.stderr))

    with gateway() as settings:
        return asyncio.run(run(settings))


@contextmanager
def serving(
    settings: Settings, *targets: Callable[[Settings, int], None]
) -> Generator[list[tuple[int, int]]]:
    """Start one process per target, and yield the port and the process id of each."""
    ports = [free_port() for _ in targets]
    servers = [
        multiprocessing.get_context("spawn").Process(
            target=target, args=(settings, port), daemon=True
        )
        for target, port in zip(targets, ports, strict=True)
    ]
    for server in servers:
        server.start()
    try:
        yield [(port, server.pid or 0) for port, server in zip(ports, servers, strict=True)]
    finally:
        for server in servers:
            server.terminate()
            server.join()
