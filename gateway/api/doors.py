"""The doors of the server: every request passes here, and is counted, limited and named before anything works on it.

Providers go straight to the webhooks, everybody else through FastAPI: a webhook needs none of FastAPI's layers (typed
bodies, problem documents), and they cost as much as a query.
"""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import logs
from gateway.api import problems
from gateway.api.addresses import behind_proxies, is_private, is_trusted
from gateway.api.bodies import Body
from gateway.api.connections import Connections
from gateway.api.counts import DISCONNECTED, Counts
from gateway.api.forward import FORWARDED
from gateway.api.hosts import Hosts
from gateway.api.places import Class, Places, class_of
from gateway.api.refusals import DoorRefusal
from gateway.api.request_ids import REQUEST_ID, given_request_id, new_request_id
from gateway.api.turnstile import Turnstile
from gateway.settings import Audience, Settings

log = structlog.get_logger()

KeyCheck = Callable[[Request], Awaitable[str]]
"""Finds the client of the API key and keeps it with the request. Raises what the API answers."""
_OWN = ("/healthz", "/readyz")
"""What each process says of itself: it is never passed on, and asked for however much there is to
do.
"""
_REQUEST_ID = REQUEST_ID.encode()


class Doors:
    """The ASGI application. Until `open_with` hands it its rooms there is nothing behind it."""

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.connections: Connections | None = None
        """The open connections, where the server tells them."""
        self.turnstile: Turnstile | None = None
        """Where phones beyond capacity are turned away, in a process that answers them."""
        self._counts: Counts | None = None
        self._rooms: Rooms | None = None

    def open_with(self, rooms: "Rooms", counts: Counts) -> None:
        """Serve requests in these rooms."""
        self._rooms, self._counts = rooms, counts

    def count(self, reason: str) -> None:
        """Count what was refused at the door, or dropped by its caller."""
        if self._counts is not None:
            self._counts.add_refusal(reason)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rooms = self._rooms
        if scope["type"] == "http" and rooms is not None:
            await _Visit(self, rooms, scope, receive, send).takes_place()
        else:
            await self.api(scope, receive, send)


class _Answered(Exception):
    """A request whose answer was found before the API had it."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Rooms:
    """What is behind the doors, once they are open.

    `own`: what a process says of itself. `rest`: everything that is no webhook; in a process for
    webhooks only it passes requests on to the client process, which then checks the key
    (`check_key` is None here).
    """

    def __init__(self, settings: Settings, own: ASGIApp, webhooks: ASGIApp) -> None:
        self.settings = settings
        self.own = own
        self.webhooks = webhooks
        self.rest = own
        self.check_key: KeyCheck | None = None
        self.hosts = Hosts(settings)
        self.places = Places(settings.limits)
        self.audiences: dict[str, tuple[Audience, str]] = {
            "/metrics": (settings.serve_metrics, "serve_metrics"),
            "/docs": (settings.serve_docs, "serve_docs"),
            "/redoc": (settings.serve_docs, "serve_docs"),
            "/openapi.json": (settings.serve_openapi, "serve_openapi"),
        }


class _Visit:
    """One request at the doors."""

    def __init__(
        self, doors: Doors, rooms: Rooms, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._doors, self._rooms, self._scope, self._send = doors, rooms, scope, send
        proxies = rooms.settings.trusted_proxies
        client = scope.get("client")
        self._passed_on = FORWARDED in scope.get("extensions", {})
        trusted = self._passed_on or (bool(client) and is_trusted(client[0], proxies))
        self._request_id = given_request_id(scope) if trusted else new_request_id()
        scope.setdefault("state", {})["request_id"] = self._request_id
        self._private = _page(scope) in rooms.audiences and is_private(scope, proxies)
        behind_proxies(scope, proxies)
        self._class = class_of(scope["method"], scope["path"])
        self._started = False
        self._body = Body(
            receive,
            scope["headers"],
            rooms.settings.limits,
            upload=self._class is Class.UPLOAD,
            dropped=self._dropped,
        )

    async def takes_place(self) -> None:
        """Answer the request.

        Whatever happens behind the doors, an answer is sent, and one line at most is logged.
        """
        with ExitStack() as held:
            # Each line that comes of this request carries its id, also those of the tasks it
            # starts.
            held.enter_context(logs.bound(request_id=self._request_id))
            try:
                await self._pass(held)
            except _Answered as known:
                await known.answer(self._scope, _nothing, self._sending)
            except (DoorRefusal, ClientDisconnect) as ended:
                if isinstance(ended, DoorRefusal):
                    self._body.refusal = self._body.refusal or ended
            except Exception as bad:  # noqa: BLE001  # it is logged and answered
                if self._body.refusal is None:
                    await self._break(bad)
            if self._body.refusal is not None:
                await self._refuse(self._body.refusal)

    async def _break(self, bad: Exception) -> None:
        path = _path_shown(self._scope)
        log.error("request broke", path=path, exc_info=bad)
        if not self._started:
            answer = problems.broken(self._request_id)
            await answer(self._scope, _nothing, self._sending)

    async def _pass(self, held: ExitStack) -> None:
        rooms, scope, body = self._rooms, self._scope, self._body
        if not self._passed_on:  # else the process that the caller reached has looked
            rooms.hosts.check(scope)
            self._check_audience()
        if scope["path"] in _OWN:
            body.check_announced()
            await rooms.own(scope, body.receive, self._sending)
            return
        held.enter_context(rooms.places.taken(self._class))
        if self._class is Class.WEBHOOK:
            body.check_announced()
            await rooms.webhooks(scope, body.receive, self._sending)
            return
        if rooms.check_key is not None and self._class in (Class.CLIENT, Class.UPLOAD):
            # Before a byte of the body: a stranger's is never read.
            client = await self._checked_key(rooms.check_key)
            held.enter_context(rooms.places.taken_by(self._class, client))
        body.check_announced()
        await rooms.rest(scope, body.receive, self._sending)

    async def _checked_key(self, check: KeyCheck) -> str:
        try:
            return await check(Request(self._scope))
        except Exception as bad:
            raise _Answered(await problems.answer_to(Request(self._scope), bad)) from bad

    def _check_audience(self) -> None:
        audience, setting = self._rooms.audiences.get(_page(self._scope), ("all", ""))
        if audience == "off" or (audience == "private" and not self._private):
            raise DoorRefusal(404, "this page is not served to you", reason="page", setting=setting)

    async def _sending(self, message: Message) -> None:
        """Send on, with the request's id.

        Once a limit was reached, that is the answer, whatever the room says.
        """
        body = self._body
        if body.refusal is not None:
            return
        if message["type"] == "http.response.start":
            self._started = True
            given = message.get("headers", ())
            headers = [header for header in given if header[0] != _REQUEST_ID]
            headers.append((_REQUEST_ID, self._request_id.encode()))
            if not body.keeps_connection:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def _refuse(self, refusal: DoorRefusal) -> None:
        self._doors.count(refusal.reason)
        if self._started:
            return  # uvicorn closes a connection whose answer ends in the middle
        self._body.refusal = None
        answer = refusal.answer(plain=self._class is Class.WEBHOOK)
        await answer(self._scope, _nothing, self._sending)

    def _dropped(self) -> None:
        if not self._passed_on:  # else it was counted where the caller was connected
            self._doors.count(DISCONNECTED)


def _page(scope: Scope) -> str:
    """Return the page that an address belongs to: `/docs` for what its page loads from below /docs.

    >>> _page({"path": "/docs/swagger-ui.css"}), _page({"path": "/metrics"})
    ('/docs', '/metrics')
    """
    path: str = scope["path"]
    return "/" + path.lstrip("/").partition("/")[0]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _path_shown(scope: Scope) -> str:
    """Return the path; of a webhook's only what stands before its secret.

    >>> [_path_shown({"path": path}) for path in ("/in/at/s3cret/sms", "/hooks/p/t0ken", "/hooks/o/mpesa/s3cret/validate")]
    ['/in/at/...', '/hooks/p/...', '/hooks/o/mpesa/...']
    >>> _path_shown({"path": "/api/v1/batches/b_1"})
    '/api/v1/batches/b_1'
    """
    path: str = scope["path"]
    if not path.startswith(("/in/", "/hooks/")):
        return path
    before_secret = 4 if path.startswith("/hooks/o/") else 3
    return "/".join([*path.split("/")[:before_secret], "..."])
