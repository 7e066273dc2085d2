"""The limited reading of a request's body: its bytes are counted and its time is limited.

The limits apply to every route and encoding.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from starlette.types import Message, Receive

from gateway.api.edge.refusals import DoorRefusal, too_large, too_slow
from gateway.settings import DoorLimits

# An unread body up to this length is read and discarded to keep the connection.
_READ_AWAY_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """The limits of one body: its bytes and its time, with the settings that hold them."""

    what: str
    most: int
    setting: str
    limit_s: float
    limit_setting: str

    @classmethod
    def of_upload(cls, limits: DoorLimits, *, is_import: bool) -> "BodyLimit":
        """Return the limits of an upload, or of the file of an import."""
        name = "import" if is_import else "upload"
        most, limit_s = (
            (limits.import_bytes, limits.import_s)
            if is_import
            else (limits.upload_bytes, limits.upload_s)
        )
        return cls(f"the {name}", most, f"limits.{name}_bytes", limit_s, f"limits.{name}_s")

    @classmethod
    def of_body(cls, limits: DoorLimits) -> "BodyLimit":
        """Return the limits of any other body."""
        sizes = limits.body_bytes, "limits.body_bytes"
        return cls("the body", *sizes, limits.body_s, "limits.body_s")


class Body:
    """The limited `receive` of one request.

    `refusal` is the limit that was reached, for the answer.
    """

    def __init__(
        self,
        receive: Receive,
        headers: Iterable[tuple[bytes, bytes]],
        limit: BodyLimit,
        *,
        dropped: Callable[[], None],
    ) -> None:
        self._receive = receive
        self._dropped = dropped
        self._most, self._setting = limit.most, limit.setting
        self._limit_s, self._limit_setting = limit.limit_s, limit.limit_setting
        self._what = limit.what
        self._length, self._chunked = _announced(headers)
        self._deadline: float | None = None
        self._size = 0
        self._lost = False
        self._complete = self._length == 0 and not self._chunked
        self.refusal: DoorRefusal | None = None

    def check_announced(self) -> None:
        """Raise DoorRefusal, before any reading, when the announced length is over the limit."""
        if self._length > self._most:
            self._refuse(too_large(self._most, self._setting, self._what))

    @property
    def keeps_connection(self) -> bool:
        """Return whether the connection can serve the next request.

        It can when only little of the body is unread.
        """
        unread = self._length - self._size
        return self._complete or (not self._chunked and unread <= _READ_AWAY_MAX)

    async def receive(self) -> Message:
        """Return the next message. Raises DoorRefusal at the limit of bytes or seconds."""
        if self.refusal is not None:
            raise self.refusal
        if self._complete:
            return await self._receive()
        message = await self._in_time()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            if self._size > self._most:
                self._refuse(too_large(self._most, self._setting, self._what))
            self._complete = not message.get("more_body", False)
        elif message["type"] == "http.disconnect" and not self._lost:
            self._lost = True
            self._dropped()
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        if self._deadline is None:
            self._deadline = loop.time() + self._limit_s
        limit = asyncio.timeout_at(self._deadline)
        try:
            async with limit:
                return await self._receive()
        except TimeoutError:
            if limit.expired():
                self._refuse(too_slow(self._limit_s, self._limit_setting))
            raise

    def _refuse(self, refusal: DoorRefusal) -> NoReturn:
        self.refusal = refusal
        raise refusal


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, bool]:
    """Return the announced length, and whether the body comes in chunks of unknown total length."""
    length, chunked = 0, False
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = True
    return length, chunked
