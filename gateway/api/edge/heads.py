"""HEAD for every address that answers GET, as RFC 9110 (9.3.2) asks: the same without the body."""

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """The ASGI application around the client API and its pages that answers HEAD."""

    def __init__(self, api: ASGIApp, routes: FastAPI) -> None:
        self._api, self._routes = api, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD" or self._answers(scope):
            await self._api(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not message.get("more_body", False):
                await send({"type": "http.response.body", "body": b""})

        await self._api({**scope, "method": "GET"}, receive, without_body)

    def _answers(self, scope: Scope) -> bool:
        """Return whether a route takes HEAD itself, such as the health checks."""
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes.router.routes)
