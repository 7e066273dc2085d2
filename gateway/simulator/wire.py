"""HTTP in both directions: a server inside the running event loop, and a keep-alive client.

The server can also *hang up* on a caller without an answer, which no ASGI application can do by
itself. Most of the trouble in payments begins with an answer that never came.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Mapping
from types import TracebackType
from typing import Final, NamedTuple, Self, cast
from urllib.parse import urlencode

import aiohttp
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.simulator.faults import FaultPlan

TRANSPORT: Final = "simulator.transport"
GRACE_S: Final = 2.0  # the time that open requests still get when the server stops
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
JSON: Final = {"Content-Type": "application/json"}


class HttpAnswer(NamedTuple):
    """The reply to a call. `status` 0 means that none came, and `text` then gives the reason."""

    status: int
    text: str
    metadata: str = ""  # the value of Africa's Talking's header at-ussd-hop-metadata


class Caller:
    """A pooled client for all calls to the gateway. It never raises for network faults."""

    def __init__(self, timeout_s: float = 30.0) -> None:
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def post_form(self, url: str, form: Mapping[str, str], metadata: str = "") -> HttpAnswer:
        headers = {**FORM, "at-ussd-hop-metadata": metadata} if metadata else FORM
        return await self.post(url, urlencode(form).encode(), headers)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        session = self._session or self._open()
        try:
            async with session.post(url, data=body, headers=headers) as reply:
                text = (await reply.read()).decode("utf-8", "replace")
                return HttpAnswer(reply.status, text, reply.headers.get("at-ussd-hop-metadata", ""))
        except TimeoutError:
            return HttpAnswer(0, f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return HttpAnswer(0, f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
        )
        return self._session


class HangUp(Response):
    """A response that cuts the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = cast("asyncio.Transport", scope["extensions"][TRANSPORT]["transport"])
        transport.abort()
        for _ in range(3):  # The server must see the loss first, so that it does not answer 500.
            await asyncio.sleep(0)


class TransportProtocol(HttpToolsProtocol):
    """The protocol class of uvicorn, extended to give the application its transport."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class SimulatorServer(uvicorn.Server):
    """A server that leaves the signals to its program, and stops at once when nothing is open.

    uvicorn's own server polls ten times per second and sleeps for a tenth of a second while it
    stops. That adds up over hundreds of tests.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def main_loop(self) -> None:
        tick = 0
        while not self.stop.is_set():
            await self.on_tick(tick)
            tick += 10  # ten ticks of a tenth of a second, which keeps the Date header right
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=GRACE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class Listener:
    """A server for an application on a port of the running event loop.

    Port 0 takes any free port.
    """

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app
        self.host = host
        self.port = port
        self._server: SimulatorServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Start to listen. Raises OSError when the port is taken."""
        # The protocol is named because asyncio switches Nagle's delay (40 ms per answer) off only
        # for a socket that was made with IPPROTO_TCP.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.host, self.port))
        except OSError:
            sock.close()
            raise
        self.port = int(sock.getsockname()[1])
        self._server = SimulatorServer(
            uvicorn.Config(
                self.app,
                http=TransportProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                backlog=4096,
                # The caller should be the first to close an idle connection.
                timeout_keep_alive=120,
            )
        )
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.002)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None and self._task is not None:
            self._server.stop.set()
            await self._task


class SimulatedProvider:
    """A simulated provider, used as an asynchronous context manager.

    Inside the context it answers at `url`. On leaving it drops the work in progress (`close`).
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._listener = Listener(app, port=port)

    @property
    def url(self) -> str:
        return self._listener.url

    async def close(self) -> None:
        """Drop the work in progress. This provider has none, but a subclass may."""

    async def __aenter__(self) -> Self:
        """Start to answer. Raises OSError when the port is taken."""
        await self._listener.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        await self._listener.__aexit__(kind, error, trace)


async def before_acting(plan: FaultPlan, faults: frozenset[str]) -> Response | None:
    """Return the answer for a request that fails before the provider acts, or None."""
    if "slow" in faults:
        await asyncio.sleep(plan.slow_s)
    if "drop_before" in faults:
        return HangUp()
    if "error_before" in faults:
        return Response("upstream unavailable", 503, media_type="text/plain")
    return None


def after_acting(faults: frozenset[str], good: Callable[[], Response]) -> Response:
    """Return the answer for a request that the provider acted on, or the fault that hides it."""
    if "drop_after" in faults:
        return HangUp()
    if "error_after" in faults:
        return Response("upstream timed out", 504, media_type="text/plain")
    return good()
