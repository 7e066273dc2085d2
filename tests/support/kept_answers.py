"""A look at every answer of the client API in tests: it must be as its model in the document says.

FastAPI checks only what a route returns as data. A route that returns a finished response (a
stream, a page with an ETag) is checked here, by the same models.
"""

import functools
from typing import Any

import orjson
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.contract.told import ResponseLoss

FOUND: list[str] = []
"""The answers that were not as the document says. A test that leaves one here has failed."""
_CLIENT_API = "/api/v1/"


class KeptAnswers:
    """The application of a gateway, whose answers are compared with its document."""

    def __init__(self, app: ASGIApp, api: Any) -> None:
        self.app, self._api = app, api

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app, name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_CLIENT_API):
            await self.app(scope, receive, send)
            return
        seen = _Seen()

        async def sending(message: Message) -> None:
            seen.note(message)
            await send(message)

        await self.app(dict(scope), receive, sending)
        if seen.is_data:
            self._compare(scope, b"".join(seen.body))

    def _compare(self, scope: Scope, body: bytes) -> None:
        model = self._model_of(scope)
        if model is None:
            return
        try:
            _adapter(model).validate_python(orjson.loads(body))
        except (ResponseLoss, ValidationError) as differs:
            FOUND.append(f"{scope['method']} {scope['path']}: {differs}")

    def _model_of(self, scope: Scope) -> Any:
        for route in client_routes(self._api):
            if route.matches(scope)[0] is Match.FULL:
                return route.response_model
        return None


def client_routes(api: Any) -> list[APIRoute]:
    """Return all routes of the client API."""
    included = [getattr(one, "original_router", None) for one in api.router.routes]
    return [
        route
        for router in included
        if router is not None
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


class _Seen:
    """The answer to one request."""

    def __init__(self) -> None:
        self.is_data, self.body = False, list[bytes]()

    def note(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message.get("headers", ()))
            is_json = headers.get(b"content-type", b"").partition(b";")[0] == b"application/json"
            self.is_data = is_json and 200 <= message["status"] < 300
        elif self.is_data:
            self.body.append(message.get("body", b""))


@functools.cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
