"""The HTTP server: client API, webhooks, health, metrics, and the console over one runtime."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api import batches, judgement, problems, proof, webhooks
from gateway.api.intake import Intake
from gateway.api.limits import Limits
from gateway.api.metrics import Metrics
from gateway.errors import Failed
from gateway.runtime import Runtime
from gateway.store.db import ping

Opener = Callable[[], AbstractAsyncContextManager[Runtime]]
Mount = Callable[[FastAPI, Runtime], None]


def make_app(
    opened: Opener, mounts: tuple[Mount, ...] = (), on_ready: Callable[[], None] = lambda: None
) -> "Doors":
    """The application; its runtime is opened and closed with it. `mounts` add pages (the console, the phone)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with opened() as rt, Intake.opened(rt) as intake:
            metrics = Metrics(rt)
            hooks = webhooks.routes(rt, intake)
            doors.webhooks = Router([metrics.counted(route) for route in hooks])
            app.add_route("/metrics", metrics.answer)
            app.state.runtime = rt
            app.state.limits = Limits()
            app.include_router(batches.router)
            app.include_router(judgement.router)
            app.include_router(proof.router)
            _add_health(app, rt)
            for mount in mounts:
                mount(app, rt)
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


class Doors:
    """Two doors into one server: providers go straight to the webhooks, everybody else through FastAPI.

    A webhook needs none of FastAPI's layers (typed bodies, problem documents), and they cost as much as a query.
    """

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.webhooks: ASGIApp = api  # until the runtime is open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/in/", "/hooks/")):
            await self.webhooks(scope, receive, send)
        else:
            await self.api(scope, receive, send)


def _add_health(app: FastAPI, rt: Runtime) -> None:
    async def alive(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def ready(request: Request) -> JSONResponse:
        try:
            await ping(rt.db)
        except Failed as away:
            return JSONResponse({"ready": False, "why": str(away)}, status_code=503)
        return JSONResponse({"ready": True})

    app.add_route("/healthz", alive)
    app.add_route("/readyz", ready)
