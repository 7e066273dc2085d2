"""The tools that all providers share: one HTTP call, and readers of foreign JSON and amounts.

When a call fails, only one question matters: can the provider have taken a byte? There are no
retries and no redirects, and the answer is bounded. A refused or timed-out *connection* was
certainly not taken. Anything that breaks later may have been.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import aiohttp
import orjson

from gateway.base.failpoints import reach
from gateway.base.money import MINOR_DIGITS
from gateway.payments.port import SubmitAnswer

CONNECT_S = 5.0
CALL_S = 18.0
"""Twice this time plus two token calls stays under the lease of a submit (60 s)."""
TOKEN_S = 8.0
ANSWER_BYTES_MAX = 64 * 1024
TEXT_MAX = 1_000
# The new MTN platform refuses every client that calls itself python-requests.
_USER_AGENT = "gateway/0.1"
_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,9}))?")


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
    """A call without an answer.

    `maybe_taken` is False when not a byte of the request can have reached the provider.
    """

    maybe_taken: bool
    text: str


def json_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body`, or an empty one when there is none."""
    try:
        return as_object(orjson.loads(body))
    except ValueError:
        return {}


def as_object(value: object) -> dict[str, object]:
    """Return `value` where it is a JSON object, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return `value` where it is a JSON list, else a list of it alone.

    The list is empty when there is no value.
    """
    if isinstance(value, list):
        return cast("list[object]", value)
    return [] if value is None else [value]


def as_text(value: object) -> str:
    """Return a JSON string or number as text, else "". Providers send codes as either.

    >>> as_text(2001), as_text(" 2001 "), as_text(None), as_text({}), as_text(True)
    ('2001', '2001', '', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:TEXT_MAX]


def as_minor(value: object, currency: str) -> int | None:
    """Return an amount in major units, given as a number or text, in minor units.

    Return None when it is no exact amount.

    >>> as_minor(300, "KES"), as_minor("22.40", "KES"), as_minor(8959269.6, "KES")
    (30000, 2240, 895926960)
    >>> as_minor("10.005", "KES") is None
    True
    """
    found = _AMOUNT.fullmatch(as_text(value))
    if not found:
        return None
    digits = MINOR_DIGITS[currency]
    cents = (found[2] or "").rstrip("0")
    if len(cents) > digits:
        return None
    return int(found[1] + cents.ljust(digits, "0"))


async def call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    total_s: float = CALL_S,
) -> HttpReply | LostCall:
    """Make one HTTP call without raising for faults of the network or the provider.

    A call that is cancelled raises, and its lease decides.
    """
    timeout = aiohttp.ClientTimeout(total=total_s, connect=CONNECT_S, sock_connect=CONNECT_S)
    sent = {"User-Agent": _USER_AGENT, "Accept": "application/json", **headers}
    reach("wire.calling")
    try:
        async with http.request(
            method,
            url,
            headers=sent,
            data=body,
            timeout=timeout,
            allow_redirects=False,
            skip_auto_headers=("Content-Type",),  # An empty body has no type.
        ) as reply:
            answered = HttpReply(reply.status, await _bounded(reply.content))
            reach("wire.answered")
            return answered
    except (
        aiohttp.ClientConnectorError,  # DNS, refused, TLS
        aiohttp.ConnectionTimeoutError,
        aiohttp.InvalidURL,
    ) as away:
        return LostCall(maybe_taken=False, text=_words(away))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as broken:
        return LostCall(maybe_taken=True, text=_words(broken))


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    parts: list[bytes] = []
    left = ANSWER_BYTES_MAX
    while left > 0 and (part := await content.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:TEXT_MAX]


def as_evidence(answer: SubmitAnswer, body: bytes, table: str) -> SubmitAnswer:
    """Return the answer with a digest of the request and the table that gave the outcome.

    The request itself is not kept, because bodies hold credentials.
    """
    return replace(answer, request_hash=hashlib.sha256(body).hexdigest(), table=table)
