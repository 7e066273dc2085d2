"""The command `gateway test-gateway`, which serves test keys (decision 0081).

It is a whole gateway in one process and in a database of its own: API, jobs, simulated workers and
a simulated operator of mobile money.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import asyncpg
import structlog
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import settings as settings_room
from gateway.api.edge.forward import Forwarded
from gateway.api.edge.to_test_gateway import SOCKET
from gateway.api.server import make_app
from gateway.app import STEPS, open_runtime
from gateway.base.errors import SettingsError
from gateway.cli import effects
from gateway.cli.run.api import config, listen, listen_locally
from gateway.cli.run.crowd.crowd import SimulatedWorkers
from gateway.cli.run.tryout import book_float
from gateway.cli.serving import must_be_current, must_be_there, reading, served
from gateway.queue.inline import InlineJobQueue
from gateway.servers import locks
from gateway.servers.account import SystemUser
from gateway.servers.errors import ServerError
from gateway.servers.private import make_private
from gateway.servers.rundir import make_run_dir
from gateway.settings import Settings
from gateway.settings.for_test_gateway import of_test_gateway, with_operator
from gateway.simulator.operators.daraja import DarajaTerms
from gateway.simulator.operators.server import Operators
from gateway.steps.payouts.provider_health import start_sending
from gateway.steps.runtime import Runtime
from gateway.store.due import due_jobs
from gateway.store.new_database import make_database
from gateway.store.payouts import float_queries
from gateway.store.schema import migrate

log = structlog.get_logger()
T = TypeVar("T")

_ROUND_S: Final = 0.2
_DUE_EVERY: Final = 3  # rounds
_ROUNDS_MAX: Final = 20
_PAYS_AFTER_S: Final = 0.5


@asynccontextmanager
async def opened(settings: Settings, jobs: InlineJobQueue) -> AsyncGenerator[Runtime]:
    """Yield the runtime of the test gateway for commands: its database exists and is current.

    `settings` are the gateway's own, with its running servers.
    """
    own = of_test_gateway(settings)
    await _prepared(settings, own)
    async with open_runtime(own, jobs, connections=2) as rt:
        yield replace(rt, test=True)


def with_test_runtime(work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run one piece of work over the test gateway of this gateway, which is made if need be.

    A command that only reads makes nothing. Raises SettingsError where it finds no test gateway.
    """
    given = settings_room.load()
    must_be_there(given)

    async def run(settings: Settings) -> T:
        async with opened(settings, InlineJobQueue()) as rt:
            return await work(rt)

    async def read(settings: Settings) -> T:
        own = of_test_gateway(settings)
        try:
            async with open_runtime(own, InlineJobQueue(), connections=2, read_only=True) as rt:
                await must_be_current(rt.db)
                return await work(replace(rt, test=True))
        except asyncpg.InvalidCatalogNameError as missing:
            raise SettingsError(
                "there is no test gateway yet; it comes with the first key of: "
                "gateway client add NAME --test"
            ) from missing

    if effects.current() is effects.Effect.READS:
        with reading(given, redis=False) as settings:
            return asyncio.run(read(settings))
    with served(given, migrated=True) as settings:
        return asyncio.run(run(settings))


async def serve(settings: Settings, ready_file: Path | None = None) -> None:
    """Serve test keys until SIGTERM. Raises SettingsError where another process does."""
    own = of_test_gateway(settings)
    await _prepared(settings, own)
    try:
        held = locks.take_lock(own.data_dir / "test.lock", shared=False, wait_s=0.5)
    except ServerError as bad:
        raise SettingsError(f"a test gateway runs already in {own.data_dir}") from bad
    try:
        terms = DarajaTerms(result_delay_s=_PAYS_AFTER_S)
        async with Operators(own.data_dir / "operators", terms=terms) as operators:
            await _serve(with_operator(own, operators.port), ready_file)
    finally:
        os.close(held)


async def _prepared(settings: Settings, own: Settings) -> None:
    assert settings.database_url
    assert own.database_url
    make_private(own.data_dir)
    url = own.database_url.get_secret_value()
    await make_database(settings.database_url.get_secret_value(), url)
    await migrate(url)


async def _serve(own: Settings, ready_file: Path | None) -> None:
    jobs = InlineJobQueue()
    account = SystemUser(os.geteuid(), os.getegid(), demoted=False)
    path = make_run_dir(own.data_dir, account) / SOCKET
    with listen_locally(path) as clients, listen("127.0.0.1", 0) as hooks:
        hooks_at = f"http://127.0.0.1:{hooks.getsockname()[1]}"
        async with open_runtime(own, jobs) as plain:
            rt = replace(plain, test=True, hooks_at=hooks_at)
            await float_queries.plan_queries(rt.db, rt.providers)
            await start_sending(rt)
            await book_float(rt)

            @asynccontextmanager
            async def yielded() -> AsyncGenerator[Runtime]:
                yield rt

            doors = make_app(yielded, on_ready=lambda: _tell(ready_file, own))
            server = uvicorn.Server(config(_Entrances(doors), own, doors))
            working = asyncio.create_task(_work(rt, jobs))
            try:
                await server.serve(sockets=[clients, hooks])
            finally:
                working.cancel()
                path.unlink(missing_ok=True)


def _tell(ready_file: Path | None, own: Settings) -> None:
    if ready_file is not None:
        ready_file.write_text(f'{{"folder": "{own.data_dir}"}}')


class _Entrances:
    """The application of the two sockets.

    Requests of clients come over the Unix socket. The port of this machine is for the callbacks of
    the simulated operator alone.
    """

    def __init__(self, doors: ASGIApp) -> None:
        self._doors, self._clients = doors, Forwarded(doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A Unix socket has no port.
        if scope["type"] != "http" or (scope.get("server") or ("", None))[1] is None:
            await self._clients(scope, receive, send)
        elif scope["path"].startswith("/hooks/"):
            await self._doors(scope, receive, send)
        else:
            await PlainTextResponse("not here", 404)(scope, receive, send)


async def _work(rt: Runtime, jobs: InlineJobQueue) -> None:
    """Do the due jobs and let the simulated workers act, until cancelled."""
    members, turn = SimulatedWorkers.of(rt), 0
    while True:
        try:
            if turn % _DUE_EVERY == 0:
                for bell in await due_jobs(rt.db, rt.clock.now()):
                    jobs.enqueue(*bell)
            turn += 1
            await _answer_bells(rt, jobs)
            if await members.act(time.monotonic()):
                await _answer_bells(rt, jobs)
        except Exception as bad:  # one fault must not end all tests of all clients
            log.error("a job of the test gateway failed", exc_info=bad)
        await asyncio.sleep(_ROUND_S)


async def _answer_bells(rt: Runtime, jobs: InlineJobQueue) -> None:
    for _ in range(_ROUNDS_MAX):
        rung = jobs.take()
        if not rung:
            return
        for step, *arguments in rung:
            await STEPS[step](rt, *arguments)
