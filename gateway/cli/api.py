"""`gateway api`: uvicorn over the application."""

import errno
import json
import secrets
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from gateway.api.server import Doors, make_app
from gateway.app import open_runtime
from gateway.cli.runner import ANSWER
from gateway.console.coordinator import add_console
from gateway.errors import SettingsError
from gateway.queue.bells import RqBells, redis_at
from gateway.runtime import Runtime
from gateway.settings import LOCAL_CHANNEL, Settings

_BACKLOG = 2048
_KEEP_ALIVE_S, _GRACE_S = 120, 10


def application(settings: Settings, on_ready: Callable[[], None] = lambda: None) -> Doors:
    """The application of these settings, its bells rung over RQ."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Runtime]:
        assert settings.redis_url
        bells = RqBells(settings.redis_url.get_secret_value(), ANSWER)
        try:
            async with open_runtime(settings, bells) as rt:
                yield rt
        finally:
            await bells.close()

    mounts = (add_console,)
    if settings.local_phone:
        from gateway.console.phone import add_phone

        mounts = (add_console, add_phone)
    return make_app(opened, mounts, on_ready)


def serve(settings: Settings, *, port: int | None, ready_file: Path | None) -> None:
    """Listen until SIGTERM; open requests are finished first."""
    assert settings.redis_url
    redis_at(settings.redis_url.get_secret_value()).close()  # now, where an error is one line
    wanted = settings.port if port is None else port
    listener = listen(settings.host, wanted)
    actual = listener.getsockname()[1]
    if settings.public_url == "http://127.0.0.1:8000":
        settings = settings.model_copy(update={"public_url": f"http://{settings.host}:{actual}"})

    settings = _unguessable(settings)

    def ready() -> None:
        if ready_file:
            ready_file.write_text(json.dumps({"port": actual}))
        print(f"gateway listens on http://{settings.host}:{actual}", flush=True)

    uvicorn.Server(config(application(settings, ready))).run(sockets=[listener])


def config(app: ASGIApp) -> uvicorn.Config:
    """How we serve: the benchmarks serve so, too."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        log_config=None,  # uvicorn's lines end in our chain (gateway.logs)
        lifespan="on",
        # Longer than clients keep an idle connection (aiohttp 15 s, nginx 60, Go 90): who closes first must not be us,
        # or a request that is just being written on it is answered by a reset, and counts as lost where nobody repeats it.
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _unguessable(settings: Settings) -> Settings:
    """Outside a try-out nobody is served the built-in phone, so nobody is to know its address either."""
    if settings.local_phone:
        return settings
    drawn = SecretStr(secrets.token_urlsafe(24))
    channels = {
        name: one.model_copy(update={"secret": drawn}) if one == LOCAL_CHANNEL["phone"] else one
        for name, one in settings.channels.items()
    }
    return settings.model_copy(update={"channels": channels})


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; SettingsError in one line when the port is taken."""
    # The protocol must be named: without it the event loop leaves Nagle's algorithm on, and answers on kept
    # connections wait 40 ms for the client's delayed acknowledgement.
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
