"""The HTTP server: client API, webhooks, health, metrics, and the console over one runtime."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from enum import Flag, auto
from functools import partial
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Router

from gateway.api import predictions, problems
from gateway.api.callers import auth
from gateway.api.callers.limits import RequestLimits
from gateway.api.callers.phones_first import let_phones_first
from gateway.api.client import (
    answers,
    batches,
    bonuses,
    judgement,
    lists,
    offers,
    proof,
    quality,
)
from gateway.api.client import webhooks as client_webhooks
from gateway.api.client.files import routes as files
from gateway.api.client.files.uploads import remove_abandoned
from gateway.api.client.life import changing, drafts
from gateway.api.client.parameters import refuse_unknown
from gateway.api.client.projects import routes as projects
from gateway.api.contract.document import ContractApi
from gateway.api.contract.repeats import Repeats
from gateway.api.edge.counts import Counts
from gateway.api.edge.doors import Applications, Dispatcher
from gateway.api.edge.forward import Forward
from gateway.api.edge.heads import Heads
from gateway.api.edge.tags import Tags
from gateway.api.edge.to_test_gateway import ToTestGateway
from gateway.api.edge.turnstile import Turnstile
from gateway.api.monitoring.metrics import Metrics
from gateway.api.monitoring.readiness import Readiness
from gateway.api.trial import pilots, previews
from gateway.api.webhooks import routes as webhooks
from gateway.api.webhooks.gates import gates_of
from gateway.api.webhooks.intake import Intake
from gateway.qa import rule_names
from gateway.steps.runtime import Runtime
from gateway.tasks.values import kinds_asked, values

Opener = Callable[[], AbstractAsyncContextManager[Runtime]]
Mount = Callable[[FastAPI, Runtime], None]


_SENTENCE_END = re.compile(r"[.:;](?:\s|$)")


class Serves(Flag):
    """The requests that one process answers (decision 0039)."""

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
) -> Dispatcher:
    """Return the application. Its runtime is opened and closed with it.

    `mounts` adds pages (the console, the phone) to a process that serves clients. `clients_at` is
    the Unix socket of the client process, for a process that serves webhooks only. `name`
    distinguishes such a process among those of this machine.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            rt = await stack.enter_async_context(opened())
            counts = Counts(rt.settings.data_dir / "counts", name if clients_at else None)
            await stack.enter_async_context(counts.kept())
            metrics = Metrics(rt, counts, doors)
            hooks, intake = list[BaseRoute](), None
            if Serves.WEBHOOKS in serves:
                intake = await stack.enter_async_context(Intake.opened(rt))
                hooks = [metrics.counted(route) for route in webhooks.routes(rt, intake)]
            rooms = Applications(rt.settings, app, Router(hooks, redirect_slashes=False))
            if intake is not None:
                gates = gates_of(rt, intake, counts, rooms.places)
                doors.turnstile = Turnstile(intake.admission, gates)
            app.state.runtime = rt
            _add_health(app, rt)
            if Serves.CLIENTS in serves:
                folder = rt.settings.data_dir / batches.UPLOADS
                await asyncio.to_thread(remove_abandoned, folder, time.time())
                _add_clients(app, rt, mounts)
                rooms.rest = Heads(Tags(Repeats(rt, app)), app)
                rooms.check_key = partial(auth.check_key, rt, RequestLimits())
                if not rt.test:
                    rooms.test_keys = ToTestGateway(rt.settings.data_dir)
            if clients_at is None:
                app.add_route("/metrics", metrics.answer)
            else:
                rooms.rest = await stack.enter_async_context(Forward.opened(clients_at))
            doors.open_with(rooms, counts)
            on_ready()
            yield

    app = ContractApi(
        title="Gateway",
        summary="Paid digital work for workers with a feature phone.",
        version="1",
        lifespan=lifespan,
        # FastAPI's pages load their scripts from other servers (see gateway.console.pages.docs).
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would lead to whatever host the Host header names
    )
    problems.add_handlers(app)
    doors = Dispatcher(app)
    return doors


def _add_clients(app: ContractApi, rt: Runtime, mounts: tuple[Mount, ...]) -> None:
    app.listed = {
        f"{model}.{field}": listed
        for field, listed in (
            ("kind", kinds_asked()),
            ("value", tuple(values())),
            ("method", rule_names()),
            ("languages", sorted(rt.books)),
        )
        for model in ("BatchIn", "BatchEditIn", "PreviewIn", "NewRuleIn", "BatchOut")
    }
    checks = [Depends(let_phones_first), Depends(auth.SCHEME), Depends(refuse_unknown)]
    rooms = (
        batches, files, changing, drafts, lists, answers, bonuses, judgement, offers, predictions,
        proof, quality, client_webhooks, projects, previews, pilots,
    )  # fmt: skip
    for router in (room.router for room in rooms):
        _say_what_each_does(router.routes)
        app.include_router(router, responses=problems.DECLARED, dependencies=checks)
    for mount in mounts:
        mount(app, rt)


def _say_what_each_does(routes: Iterable[BaseRoute]) -> None:
    """Set the summary of each operation in /docs to the beginning of its description.

    FastAPI would take the function's name.
    """
    for route in routes:
        if isinstance(route, APIRoute) and route.description:
            route.summary = _SENTENCE_END.split(route.description, maxsplit=1)[0].replace("\n", " ")


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
