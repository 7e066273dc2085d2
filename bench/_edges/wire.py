"""A lean HTTP/1.1 client for load: kept connections, callbacks instead of tasks, no extra work.

A general client costs 300 to 500 us of CPU per request here. At ten times the capacity of phones,
it would itself be the measured bottleneck. This one costs about a tenth of that.
"""

import asyncio
from collections import deque
from collections.abc import Callable

Done = Callable[[int, bytes], None]
"""The function that is called once per request with its status and body. Status 0 means that no
response came, and the body then says why.
"""


def post_form(path: str, host: str, body: bytes) -> bytes:
    """Return the bytes of a POST with a form."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class _Connection(asyncio.Protocol):
    """A kept connection with at most one request on it."""

    def __init__(self, wire: "Wire", request: bytes, done: Done) -> None:
        self._wire, self._request, self._done = wire, request, done
        self._transport: asyncio.Transport | None = None
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # pyright: ignore[reportAttributeAccessIssue]
        self._transport.write(self._request)

    def send(self, request: bytes, done: Done) -> bool:
        """Send the next request, or return False when the server has closed the connection."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._request, self._done, self._heard = request, done, b""
        self._transport.write(request)
        return True

    def data_received(self, data: bytes) -> None:
        heard = self._heard = self._heard + data if self._heard else data
        end = heard.find(b"\r\n\r\n")
        if end < 0:
            return
        head = heard[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(heard) < end + 4 + length:
            return
        done, self._done = self._done, _ignore
        self._heard = b""
        if b"connection: close" in head:
            assert self._transport is not None
            self._transport.close()
        else:
            self._wire.idle.append(self)
        done(int(heard[9:12]), heard[end + 4 : end + 4 + length])

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        done, self._done = self._done, _ignore
        done(0, repr(exc).encode())


class Wire:
    """The kept connections to one address."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.idle = deque[_Connection]()
        self._opening = set[asyncio.Task[None]]()

    def send(self, request: bytes, done: Done) -> None:
        """Send a request on a free connection, or on a new one."""
        while self.idle:
            if self.idle.pop().send(request, done):
                return
        task = asyncio.get_running_loop().create_task(self._open(request, done))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, request: bytes, done: Done) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
                lambda: _Connection(self, request, done), self.host, self.port
            )
        except OSError as refused:
            done(0, repr(refused).encode())


def _ignore(status: int, body: bytes) -> None:
    pass
