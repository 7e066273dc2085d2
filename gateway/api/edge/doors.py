"""The entrance of the server, where every request is counted, limited and given an id.

Providers' calls go straight to the webhooks, and all other requests through FastAPI. A webhook
needs none of FastAPI's layers (typed bodies, problem documents), and they cost as much as a query.
"""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api import problems
from gateway.api.callers.addresses import behind_proxies, is_private, is_trusted
from gateway.api.callers.auth import ANSWER_HEADERS
from gateway.api.callers.request_ids import REQUEST_ID, given_request_id, new_request_id
from gateway.api.edge.bodies import Body, BodyLimit
from gateway.api.edge.connections import ConnectionTable
from gateway.api.edge.counts import DISCONNECTED, Counts
from gateway.api.edge.forward import FORWARDED
from gateway.api.edge.hosts import AcceptedHosts
from gateway.api.edge.places import RequestLimit, RouteClass, class_of, takes_import
from gateway.api.edge.refusals import DoorRefusal
from gateway.api.edge.to_test_gateway import has_test_key
from gateway.api.edge.turnstile import Turnstile
from gateway.base import logs
from gateway.settings import DoorLimits, ServedAddresses, Settings

log = structlog.get_logger()

KeyCheck = Callable[[Request], Awaitable[str]]
"""A function that finds the client of the API key and keeps it with the request.

It raises the answer of the API to a wrong key.
"""
_OWN = ("/healthz", "/readyz")
"""The addresses that describe the process itself. They are never forwarded, and are answered under
any load.
"""
_REQUEST_ID = REQUEST_ID.encode()


class Dispatcher:
    """The ASGI application.

    It serves nothing until `open_with` gives it the applications behind it.
    """

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.connections: ConnectionTable | None = None
        """The open connections, where the server tells them."""
        self.turnstile: Turnstile | None = None
        """Where phones beyond capacity are turned away, in a process that answers them."""
        self._counts: Counts | None = None
        self._rooms: Applications | None = None

    def open_with(self, rooms: "Applications", counts: Counts) -> None:
        """Start to serve requests with these applications."""
        self._rooms, self._counts = rooms, counts

    def count(self, reason: str) -> None:
        """Count a request that was refused at the entrance, or dropped by its caller."""
        if self._counts is not None:
            self._counts.add_refusal(reason)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rooms = self._rooms
        if scope["type"] == "http" and rooms is not None:
            await _Visit(self, rooms, scope, receive, send).takes_place()
        else:
            await self.api(scope, receive, send)


class _Answered(Exception):
    """The end of a request that was answered before it reached the API."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Applications:
    """The applications behind the entrance.

    `own` describes the process itself. `rest` answers every request that is not a webhook. In a
    process for webhooks only, it forwards requests to the client process, which then checks the key
    (`check_key` is None here). `test_keys` forwards requests with a test key, where real keys are
    checked.
    """

    def __init__(self, settings: Settings, own: ASGIApp, webhooks: ASGIApp) -> None:
        self.settings = settings
        self.own = own
        self.webhooks = webhooks
        self.rest = own
        self.check_key: KeyCheck | None = None
        self.test_keys: ASGIApp | None = None
        self.hosts = AcceptedHosts(settings)
        self.places = RequestLimit(settings.limits)
        self.audiences: dict[str, tuple[ServedAddresses, str]] = {
            "/metrics": (settings.serve_metrics, "serve_metrics"),
            "/docs": (settings.serve_docs, "serve_docs"),
            "/redoc": (settings.serve_docs, "serve_docs"),
            "/openapi.json": (settings.serve_openapi, "serve_openapi"),
        }


class _Visit:
    """The passage of one request through the entrance."""

    def __init__(
        self, doors: Dispatcher, rooms: Applications, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._doors, self._rooms, self._scope, self._send = doors, rooms, scope, send
        proxies = rooms.settings.trusted_proxies
        client = scope.get("client")
        self._passed_on = FORWARDED in scope.get("extensions", {})
        trusted = self._passed_on or (bool(client) and is_trusted(client[0], proxies))
        given = given_request_id(scope["headers"]) if trusted else ""
        self._request_id = given or new_request_id()
        scope.setdefault("state", {})["request_id"] = self._request_id
        self._private = _page(scope) in rooms.audiences and is_private(scope, proxies)
        behind_proxies(scope, proxies)
        self._class = class_of(scope["method"], scope["path"])
        self._started = False
        self._body = Body(
            receive,
            scope["headers"],
            _limit(self._class, scope["path"], rooms.settings.limits),
            dropped=self._dropped,
        )

    async def takes_place(self) -> None:
        """Answer the request.

        An answer is always sent, whatever happens behind the entrance, and at most one line is
        logged.
        """
        with ExitStack() as held:
            # Each log line of this request carries its id, also the lines of the tasks it starts.
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
        # For a forwarded request, the process that the caller reached has checked this.
        if not self._passed_on:
            rooms.hosts.check(scope)
            self._check_audience()
        if scope["path"] in _OWN:
            body.check_announced()
            await rooms.own(scope, body.receive, self._sending)
            return
        held.enter_context(rooms.places.taken(self._class))
        if self._class is RouteClass.WEBHOOK:
            body.check_announced()
            await rooms.webhooks(scope, body.receive, self._sending)
            return
        of_client = self._class in (RouteClass.CLIENT, RouteClass.UPLOAD)
        if rooms.test_keys is not None and of_client and has_test_key(scope):
            body.check_announced()
            await rooms.test_keys(scope, body.receive, self._sending)
            return
        if rooms.check_key is not None and self._class in (RouteClass.CLIENT, RouteClass.UPLOAD):
            # The key is checked before the body, so that no byte of a stranger's body is read.
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
            raise DoorRefusal(
                404, "this page is not served to this address", reason="page", setting=setting
            )

    async def _sending(self, message: Message) -> None:
        """Send a message of the answer, with the request's id.

        Once a limit was reached, the refusal is sent instead, whatever the application answers.
        """
        body = self._body
        if body.refusal is not None:
            return
        if message["type"] == "http.response.start":
            self._started = True
            given = message.get("headers", ())
            headers = [header for header in given if header[0] != _REQUEST_ID]
            headers.append((_REQUEST_ID, self._request_id.encode()))
            headers.extend(self._scope["state"].get(ANSWER_HEADERS, ()))
            if not body.keeps_connection:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def _refuse(self, refusal: DoorRefusal) -> None:
        self._doors.count(refusal.reason)
        if self._started:
            return  # uvicorn closes a connection whose answer ends in the middle.
        self._body.refusal = None
        answer = refusal.answer(plain=self._class is RouteClass.WEBHOOK)
        await answer(self._scope, _nothing, self._sending)

    def _dropped(self) -> None:
        if not self._passed_on:  # A forwarded request was counted where its caller was connected.
            self._doors.count(DISCONNECTED)


def _limit(kind: RouteClass, path: str, limits: DoorLimits) -> BodyLimit:
    if kind is not RouteClass.UPLOAD:
        return BodyLimit.of_body(limits)
    return BodyLimit.of_upload(limits, is_import=takes_import(path))


def _page(scope: Scope) -> str:
    """Return the page of an address. The page `/docs` loads its parts from below /docs.

    >>> _page({"path": "/docs/swagger-ui.css"}), _page({"path": "/metrics"})
    ('/docs', '/metrics')
    """
    path: str = scope["path"]
    return "/" + path.lstrip("/").partition("/")[0]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _path_shown(scope: Scope) -> str:
    """Return the path for the log, without the secret of a webhook.

    >>> [_path_shown({"path": path}) for path in ("/in/at/s3cret/sms", "/hooks/p/t0ken")]
    ['/in/at/...', '/hooks/p/...']
    >>> _path_shown({"path": "/hooks/o/mpesa/s3cret/validate"})
    '/hooks/o/mpesa/...'
    >>> _path_shown({"path": "/api/v1/batches/b_1"})
    '/api/v1/batches/b_1'
    """
    path: str = scope["path"]
    if not path.startswith(("/in/", "/hooks/")):
        return path
    before_secret = 4 if path.startswith("/hooks/o/") else 3
    return "/".join([*path.split("/")[:before_secret], "..."])
