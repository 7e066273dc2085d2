"""Calls to providers whose answer may be lost.

When a call fails, only one question matters: can the provider have taken a byte? There are no
retries and no redirects, and the answer is bounded. A refused or timed-out *connection* was
certainly not taken. Anything that breaks later may have been.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import aiohttp

from gateway.base.errors import Failed
from gateway.base.failpoints import reach
from gateway.base.net import outside

CONNECT_S = 5.0
CALL_S = 18.0
"""Twice this time plus two token calls stays under the lease of a submit (60 s)."""
TOKEN_S = 8.0
# A missing answer to a send of SMS means that the outcome is unknown, and most providers cannot be
# asked. The time-out is therefore longer than that of their SDKs.
TIMEOUT = aiohttp.ClientTimeout(total=35, connect=5, sock_connect=5, sock_read=30)
ANSWER_BYTES_MAX = 64 * 1024
LIST_BYTES_MAX = 2**20
"""The bytes of an answer that lists many things, such as the recipients of one call."""
TEXT_MAX = 1_000
# The new MTN platform refuses every client that calls itself python-requests.
_USER_AGENT = "gateway/0.1"
NOT_TAKEN = (
    aiohttp.ClientConnectorError,  # DNS, refused, TLS
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
"""The errors after which the provider has certainly taken nothing."""
MAYBE_TAKEN = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""The errors after which the provider may have taken the call."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The status and body of an HTTP answer."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """Return the start of the body, kept as evidence."""
        return self.body[:TEXT_MAX].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call without an answer."""

    maybe_taken: bool
    """False when not a byte of the request can have reached the provider."""
    text: str
    """The error, kept as evidence."""
    reason: str
    """The error in a few words, for an operator of the gateway."""


async def attempted(make: Callable[[], Awaitable[Answer]]) -> Answer | LostCall:
    """Make a call and return its answer, or how it was lost.

    A call that is cancelled raises, and its lease decides.
    """
    try:
        return await make()
    except NOT_TAKEN as away:
        why = f"no connection: {outside.why_not_connected(away)}"
        return LostCall(maybe_taken=False, text=_words(away), reason=why)
    except MAYBE_TAKEN as broken:
        why = f"no answer: {type(broken).__name__}"
        return LostCall(maybe_taken=True, text=_words(broken), reason=why)


async def call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    total_s: float = CALL_S,
) -> HttpReply | LostCall:
    """Make one HTTP call without raising for faults of the network or the provider."""
    timeout = aiohttp.ClientTimeout(total=total_s, connect=CONNECT_S, sock_connect=CONNECT_S)
    sent = {"User-Agent": _USER_AGENT, "Accept": "application/json", **headers}
    reach("wire.calling")

    async def make() -> HttpReply:
        async with http.request(
            method,
            url,
            headers=sent,
            data=body,
            timeout=timeout,
            allow_redirects=False,
            skip_auto_headers=("Content-Type",),  # An empty body has no type.
        ) as reply:
            answered = HttpReply(reply.status, await read_limited(reply.content))
            reach("wire.answered")
            return answered

    return await attempted(make)


async def ask_provider(
    http: aiohttp.ClientSession,
    provider: str,
    url: str,
    headers: Mapping[str, str],
) -> bytes:
    """Ask a provider something that changes nothing, and return the body of the answer.

    Raises Failed.
    """
    try:
        async with http.get(
            url, headers=headers, timeout=TIMEOUT, allow_redirects=False
        ) as response:
            body = await read_limited(response.content, LIST_BYTES_MAX)
    except MAYBE_TAKEN as error:
        why = outside.why_not_connected(error)
        raise Failed(f"{provider}: no answer ({why})", retryable=True) from error
    if response.status != HTTPStatus.OK:
        refused = response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        said = "refuses the gateway's credentials" if refused else f"HTTP {response.status}"
        raise Failed(f"{provider}: {said}", retryable=not refused)
    return body


async def read_limited(content: aiohttp.StreamReader, bytes_max: int = ANSWER_BYTES_MAX) -> bytes:
    """Return the beginning of an answer, at most `bytes_max` bytes."""
    parts: list[bytes] = []
    left = bytes_max
    while left > 0 and (part := await content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:TEXT_MAX]
