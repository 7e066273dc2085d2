"""The `ETag` of every finished answer to a GET of the client API, and 304 (RFC 9110, 13.1.2).

It stands around all routes, so that a new one has it too. An answer that is streamed has none: its
tag would need the whole of it. Answers that bring a tag of their own, such as files, keep it.
"""

import hashlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CLIENT_API: Final = "/api/v1/"
_OK: Final = 200
_CURSOR: Final = "next-after"
"""The one header that says something about the page, beside its body."""


class Tags:
    """The ASGI application around the client API that adds tags to its answers."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope.get("method") == "GET" and scope.get("path", "").startswith(_CLIENT_API)
        if not asks:
            await self._api(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
        await self._api(scope, receive, _Tagging(known, send))


class _Tagging:
    """The sending of one answer, which is held back until its tag is known."""

    def __init__(self, known: str, send: Send) -> None:
        self._known, self._send = known, send
        self._start: Message | None = None
        self._body = list[bytes]()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _takes_tag(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._finish(self._start, b"".join(self._body))

    async def _finish(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(raw=start["headers"])
        tag = tag_of(body, headers.get(_CURSOR, ""))
        headers["etag"] = tag
        if is_known(tag, self._known):
            del headers["content-length"]
            del headers["content-type"]
            start, body = {**start, "status": 304, "headers": headers.raw}, b""
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _takes_tag(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    # Only a finished answer knows its length.
    return start["status"] == _OK and "content-length" in headers and "etag" not in headers


def tag_of(body: bytes, cursor: str) -> str:
    """Return the strong tag of an answer."""
    digest = hashlib.sha256(body)
    digest.update(b"\0" + cursor.encode())
    return f'"{digest.hexdigest()[:32]}"'


def is_known(tag: str, known: str) -> bool:
    """Return whether `If-None-Match` names a tag.

    >>> is_known('"a"', '"b", W/"a"'), is_known('"a"', "*"), is_known('"a"', "")
    (True, True, False)
    """
    return bool({one.strip().removeprefix("W/") for one in known.split(",")} & {tag, "*"})
