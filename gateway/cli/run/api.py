"""The command `gateway api`, which serves the application with uvicorn."""

import asyncio
import errno
import gc
import json
import secrets
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from gateway.api.edge.connections import ConnectionTable
from gateway.api.edge.doors import Dispatcher
from gateway.api.edge.forward import Forwarded
from gateway.api.edge.protocol import GuardedProtocol
from gateway.api.server import Serves, make_app
from gateway.app import open_runtime
from gateway.base.errors import SettingsError
from gateway.cli.run.open_files import connections_max, raise_file_limit
from gateway.cli.run.runner import ANSWER
from gateway.console.mount import mount_pages
from gateway.queue.bells import RqJobQueue, redis_at
from gateway.settings import LOCAL_CHANNEL, DoorLimits, Settings
from gateway.steps.runtime import Runtime

# The system caps it (net.core.somaxconn). A connection for which there is no place is dropped, and
# its phone tries again after 1, 3, 7 and 15 seconds, so a burst must find a place.
_BACKLOG = 65_535
# libuv accepts one connection per socket and round of the event loop (its pull request 3696). In a
# rush a round takes 10 ms, so new connections would wait for seconds before any limit sees them.
# The loop therefore watches several copies of the socket.
_ACCEPTED_AT_ONCE = 16
_KEEP_ALIVE_S, _GRACE_S = 120, 10


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address at which one process listens, and the requests that it serves.

    `fd` is a listening socket from the supervisor, so that no connection is refused while this
    process is restarted. `clients_at` and `name` are those of `make_app`.
    """

    serves: Serves = Serves.BOTH
    port: int | None = None
    fd: int | None = None
    clients_at: Path | None = None
    name: str = "webhooks"


def place(
    *,
    webhooks: bool,
    clients: bool,
    port: int | None,
    fd: int | None,
    clients_at: Path | None,
    name: str,
) -> ListenAddress:
    """Return the place that the command line names.

    Raises SettingsError when its options contradict each other.
    """
    if clients_at is not None and (clients or not webhooks):
        raise SettingsError("--clients-at goes with --webhooks alone: it names the client process")
    serves = {(True, False): Serves.WEBHOOKS, (False, True): Serves.CLIENTS}
    return ListenAddress(serves.get((webhooks, clients), Serves.BOTH), port, fd, clients_at, name)


def application(
    settings: Settings,
    on_ready: Callable[[], None] = lambda: None,
    place: ListenAddress = ListenAddress(),
) -> Dispatcher:
    """Return the application of these settings, with a job queue over RQ."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Runtime]:
        assert settings.redis_url
        jobs = RqJobQueue(settings.redis_url.get_secret_value(), ANSWER)
        try:
            async with open_runtime(settings, jobs) as rt:
                yield rt
        finally:
            await jobs.close()

    return make_app(opened, (mount_pages,), on_ready, place.serves, place.clients_at, place.name)


def serve(settings: Settings, place: ListenAddress, *, ready_file: Path | None) -> None:
    """Listen until SIGTERM. Open requests are finished first."""
    assert settings.redis_url
    # An error is one line here, but would not be later.
    redis_at(settings.redis_url.get_secret_value()).close()
    listener = _listener(settings, place)
    local = listener.family == socket.AF_UNIX
    actual = 0 if local else listener.getsockname()[1]
    if settings.public_url == "http://127.0.0.1:8000" and not local:
        settings = settings.model_copy(update={"public_url": f"http://{settings.host}:{actual}"})

    settings = _unguessable(settings)

    def ready() -> None:
        spare_what_is_loaded()
        if ready_file:
            ready_file.write_text(json.dumps({"port": actual}))
        if place.fd is None:
            print(f"gateway listens on http://{settings.host}:{actual}", flush=True)

    raise_file_limit()
    doors = application(settings, ready, place)
    app: ASGIApp = Forwarded(doors) if local else doors
    uvicorn.Server(config(app, settings, doors)).run(sockets=accepting(listener))


def accepting(listener: socket.socket) -> list[socket.socket]:
    """Return a listening socket and its copies, which together accept many connections at once."""
    return [listener, *(listener.dup() for _ in range(_ACCEPTED_AT_ONCE - 1))]


def _listener(settings: Settings, place: ListenAddress) -> socket.socket:
    if place.fd is not None:
        return socket.socket(fileno=place.fd)
    return listen(settings.host, settings.port if place.port is None else place.port)


def config(
    app: ASGIApp, settings: Settings | None = None, doors: Dispatcher | None = None
) -> uvicorn.Config:
    """Return the configuration of uvicorn, which the benchmarks use, too.

    Refused requests are counted at `doors`.
    """
    limits = settings.limits if settings else DoorLimits()
    proxies = settings.trusted_proxies if settings else ()
    doors = doors or (app if isinstance(app, Dispatcher) else None)
    connections = ConnectionTable(limits, proxies, connections_max())
    if doors is not None:
        doors.connections = connections
    protocol = partial(
        GuardedProtocol,
        limits=limits,
        connections=connections,
        count=doors.count if doors else _uncounted,
        turnstile=lambda: doors.turnstile if doors else None,
    )
    return uvicorn.Config(
        app,
        loop="uvloop",
        # uvicorn listens again with this number.
        backlog=_BACKLOG,
        http=cast("type[asyncio.Protocol]", protocol),
        ws="none",
        server_header=False,
        # The entrance (`doors`) knows the trusted proxies (`trusted_proxies`).
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        log_config=None,  # uvicorn's lines end in the gateway's own chain (gateway.base.logs)
        lifespan="on",
        # This is longer than clients keep an idle connection (aiohttp 15 s, nginx 60, Go 90). The
        # server must not be the first to close. Otherwise a request that is just being written is
        # answered by a reset, and is lost if its client does not repeat it.
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def spare_what_is_loaded() -> None:
    """Keep the garbage collector away from what this process has loaded, which stays for its life.

    Walking it again and again takes 2 % of the time of an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _uncounted(reason: str) -> None:
    pass  # The bare application of a benchmark counts nothing.


def _unguessable(settings: Settings) -> Settings:
    """Return the settings with an unguessable secret for the built-in phone.

    Outside a try-out the phone is not served, so its address must not be known either.
    """
    if settings.local_phone:
        return settings
    drawn = SecretStr(secrets.token_urlsafe(24))
    channels = {
        name: one.model_copy(update={"secret": drawn}) if one == LOCAL_CHANNEL["phone"] else one
        for name, one in settings.channels.items()
    }
    return settings.model_copy(update={"channels": channels})


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises SettingsError in one line when the port is taken."""
    # The protocol must be named. Without it the event loop leaves Nagle's algorithm on, and answers
    # on kept connections wait 40 ms for the client's delayed acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as bad:
        listener.close()
        if bad.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} is taken: stop what uses it, or set GATEWAY_PORT to another"
            ) from bad
        raise SettingsError(
            f"cannot listen on {host}:{port}: {bad.strerror}; check GATEWAY_HOST and GATEWAY_PORT"
        ) from bad
    listener.listen(_BACKLOG)
    return listener


def listen_locally(path: Path) -> socket.socket:
    """Return a listening Unix socket that only this user may open."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(_BACKLOG)
    return listener
