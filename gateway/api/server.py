"""The HTTP server: client API, webhooks, health, metrics, and the console over one runtime."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from enum import Flag, auto
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api import batches, judgement, problems, proof, webhooks
from gateway.api.counts import Counts
from gateway.api.forward import Forward
from gateway.api.intake import Intake
from gateway.api.limits import Limits
from gateway.api.metrics import Metrics
from gateway.api.phones_first import let_phones_first
from gateway.api.readiness import Readiness
from gateway.api.uploads import remove_abandoned
from gateway.runtime import Runtime

Opener = Callable[[], AbstractAsyncContextManager[Runtime]]
Mount = Callable[[FastAPI, Runtime], None]


class Serves(Flag):
    """What one process answers (decision 0039)."""

    WEBHOOKS = auto()
    CLIENTS = auto()
    BOTH = WEBHOOKS | CLIENTS


def make_app(
    opened: Opener,
    mounts: tuple[Mount, ...] = (),
    on_ready: Callable[[], None] = lambda: None,
    serves: Serves = Serves.BOTH,
    clients_at: Path | None = None,
    name: str = "webhooks",
) -> "Doors":
    """Return the application; its runtime is opened and closed with it.

    `mounts` add pages (the console, the phone) to a process that serves clients. `clients_at`: the Unix socket of the
    client process, for a process that serves webhooks only, and is called `name` among those of this machine.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            rt = await stack.enter_async_context(opened())
            counts = Counts(rt.settings.data_dir / "counts", name if clients_at else None)
            await stack.enter_async_context(counts.kept())
            metrics = Metrics(rt, counts)
            hooks = list[BaseRoute]()
            if Serves.WEBHOOKS in serves:
                intake = await stack.enter_async_context(Intake.opened(rt))
                hooks = [metrics.counted(route) for route in webhooks.routes(rt, intake)]
            doors.webhooks = Router(hooks)
            app.state.runtime = rt
            app.state.limits = Limits()
            _add_health(app, rt)
            if Serves.CLIENTS in serves:
                folder = rt.settings.data_dir / batches.UPLOADS
                await asyncio.to_thread(remove_abandoned, folder, time.time())
                _add_clients(app, rt, mounts)
            if clients_at is None:
                app.add_route("/metrics", metrics.answer)
            else:
                doors.rest = await stack.enter_async_context(Forward.opened(clients_at))
            on_ready()
            yield

    app = FastAPI(
        title="Gateway",
        summary="Paid digital work for people with a feature phone.",
        version="1",
        lifespan=lifespan,
    )
    problems.add_handlers(app)
    doors = Doors(app)
    return doors


def _add_clients(app: FastAPI, rt: Runtime, mounts: tuple[Mount, ...]) -> None:
    after_phones = [Depends(let_phones_first)]
    app.include_router(batches.router, dependencies=after_phones)
    app.include_router(judgement.router, dependencies=after_phones)
    app.include_router(proof.router, dependencies=after_phones)
    for mount in mounts:
        mount(app, rt)


_OWN = ("/healthz", "/readyz")
"""What each process says of itself, so it is never passed on."""


class Doors:
    """Two doors into one server: providers go straight to the webhooks, everybody else through FastAPI, or to the client
    process where this one serves webhooks only.

    A webhook needs none of FastAPI's layers (typed bodies, problem documents), and they cost as much as a query.
    """

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.webhooks: ASGIApp = api  # until the runtime is open
        self.rest: ASGIApp = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OWN:
            await self.api(scope, receive, send)
        elif scope["path"].startswith(("/in/", "/hooks/")):
            await self.webhooks(scope, receive, send)
        else:
            await self.rest(scope, receive, send)


def _add_health(app: FastAPI, rt: Runtime) -> None:
    async def alive(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def ready(request: Request) -> JSONResponse:
        state = await readiness.state()
        body: dict[str, object] = {"ready": state.ready}
        if state.why:
            body["why"] = "; ".join(state.why)
        if state.slowed:
            body["slowed"] = "; ".join(state.slowed)
        return JSONResponse(body, status_code=200 if state.ready else 503)

    readiness = Readiness(rt)

    app.add_route("/healthz", alive)
    app.add_route("/readyz", ready)
