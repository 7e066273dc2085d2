"""The forwarding of requests from a webhook process to the client process.

Both kinds of process answer at one public address. A webhook process accepts every connection. It
forwards each request that is not a webhook over a Unix socket, without reading the body into memory
or parsing it. Each piece waits until the client process has taken the one before, so a large upload
is never held here. No phone waits for these requests.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from yarl import URL

from gateway.api.callers.request_ids import REQUEST_ID, request_id_of
from gateway.api.edge.refusals import DoorRefusal
from gateway.api.problems import problem

log = structlog.get_logger()

PENDING_MAX = 100
"""The requests that one webhook process forwards at a time.

Each holds at most two pieces in memory.
"""
RETRY_S = 2
_CALLER = b"x-gateway-caller"
FORWARDED = "gateway.forwarded"
"""The scope's extension that marks a request as forwarded by another process."""
# These headers belong to one connection (RFC 9110, 7.6.1), or are written again on each.
_ONE_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
     b"upgrade", b"expect", _CALLER)
)  # fmt: skip
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Forward:
    """An ASGI application that forwards HTTP requests to the process that serves the client API.

    `opened` connects it to the Unix socket of that process. The caller gets an error to try again
    later when that process does not answer, or when `PENDING_MAX` requests are under way.
    """

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._pending = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, socket: Path) -> AsyncGenerator["Forward"]:
        """Open connections to the client process for a block, and close them after it."""
        # Each request has its own connection, because the other side could close a kept connection
        # just as it is used.
        connector = aiohttp.UnixConnector(str(socket), limit=PENDING_MAX, force_close=True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as http:
            yield cls(http)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._pending >= PENDING_MAX:
            await _unavailable("too many requests at a time")(scope, receive, send)
            return
        self._pending += 1
        try:
            await self._pass_on(scope, receive, send)
        finally:
            self._pending -= 1

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = raw_path.partition(b"?")[0] + (b"?" + query if query else b"")
        try:
            answer = await self._http.request(
                scope["method"],
                URL(f"http://clients{target.decode('latin-1')}", encoded=True),
                headers=_headers_on(scope),
                data=body.pieces() if _has_body(scope["headers"]) else None,
                allow_redirects=False,
                # The client process checks the key before it asks for the body.
                expect100=(b"expect", b"100-continue") in scope["headers"],
            )
        except _CallerLeft:
            return
        except (aiohttp.ClientError, OSError, ValueError) as away:
            if body.caller_left:
                return
            log.warning("the client process does not answer", why=repr(away))
            await _unavailable("the client API is being started")(scope, receive, send)
            return
        async with answer:
            await _answer_on(answer, body, send)


class _CallerLeft(Exception):  # This is not an error, since there is no caller left.
    """The end of a request whose caller closed the connection before the whole request arrived."""


class _Body:
    """The body of a request, piece by piece. `complete` says that all of it was read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False
        self.caller_left = False

    async def pieces(self) -> AsyncGenerator[bytes]:
        while not self.complete:
            try:
                message = await self._receive()
            # A limit of the entrance was reached, and its refusal is the answer.
            except DoorRefusal as refusal:
                self.caller_left = True
                raise _CallerLeft from refusal
            if message["type"] == "http.disconnect":
                self.caller_left = True
                raise _CallerLeft
            self.complete = not message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece

    async def wait_until_caller_leaves(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _answer_on(answer: aiohttp.ClientResponse, body: _Body, send: Send) -> None:
    """Forward the answer, and stop reading it when the caller is gone."""
    left_out = _ONE_HOP | {b"date"}  # This process dates what it sends.
    headers = [(n.lower(), v) for n, v in answer.raw_headers if n.lower() not in left_out]
    if not body.complete and answer.request_info.headers.keys() & {"Content-Length"}:
        # The rest of the body is still to come, and must not be read as the next request.
        headers.append((b"connection", b"close"))
    start: Message = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)
    gone = asyncio.create_task(body.wait_until_caller_leaves()) if body.complete else None
    try:
        while piece := await _next_piece(answer, gone):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        if gone is not None:
            gone.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next_piece(answer: aiohttp.ClientResponse, gone: asyncio.Task[None] | None) -> bytes:
    """Return the next piece, which is empty at the end or when the caller is gone."""
    if gone is None:
        return await answer.content.readany()
    if gone.done():
        return b""
    piece = asyncio.ensure_future(answer.content.readany())
    done, _ = await asyncio.wait({piece, gone}, return_when=asyncio.FIRST_COMPLETED)
    if piece in done:
        return piece.result()
    piece.cancel()
    return b""


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def _headers_on(scope: Scope) -> list[tuple[str, str]]:
    """Return the headers for the client process, with the caller's address for its limits."""
    found = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name not in (*_ONE_HOP, REQUEST_ID.encode())
    ]
    if request_id := request_id_of(scope):
        found.append((REQUEST_ID, request_id))
    (host, port), (our_host, our_port) = scope.get("client") or ("", 0), scope["server"]
    told = (scope.get("scheme", "http"), host, str(port), our_host, str(our_port))
    return [*found, (_CALLER.decode(), ";".join(told))]


def _unavailable(why: str) -> ASGIApp:
    answer = problem(503, f"{why}; nothing was done: try again in {RETRY_S} s")
    answer.headers["Retry-After"] = str(RETRY_S)
    return answer


class Forwarded:
    """The receiving end of the forwarding, around the application of a client process.

    The client process listens on a Unix socket, and takes the caller's address from the webhook
    process. Only processes that may open the socket can name an address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = [(n, v) for n, v in scope["headers"] if n != _CALLER]
            told = next((v for n, v in scope["headers"] if n == _CALLER), None)
            marks: dict[str, object] = {**scope.get("extensions", {}), FORWARDED: {}}
            scope = {**scope, "headers": kept, "extensions": marks}
            if told is not None:
                scheme, host, port, our_host, our_port = told.decode("latin-1").split(";")
                scope |= {
                    "scheme": scheme,
                    "client": (host, int(port)) if host else None,
                    "server": (our_host, int(our_port)),
                }
        await self._app(scope, receive, send)
