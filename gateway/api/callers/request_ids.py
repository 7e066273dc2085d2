"""The id of a request, on every answer, in every problem document, and in the log."""

import os
import re
import secrets
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

REQUEST_ID: Final = "x-request-id"
_ID = rb"[0-9A-Za-z_-]{8,64}"
_GIVEN = re.compile(_ID)
_GIVEN_LINE = re.compile(rb"\r\nX-Request-Id: (" + _ID + rb")\r\n", re.IGNORECASE)
_CHARACTERS, _DRAWN_AT_ONCE = 16, 256
# Asking the system for randomness takes a noticeable part of the time of a polite screen. Therefore
# hundreds of ids are drawn at a time.
_drawn = list[str]()
os.register_at_fork(after_in_child=_drawn.clear)


def new_request_id() -> str:
    """Return a new id."""
    try:
        return _drawn.pop()
    except IndexError:
        drawn = secrets.token_hex(_CHARACTERS // 2 * (_DRAWN_AT_ONCE + 1))
        ids = [drawn[at : at + _CHARACTERS] for at in range(0, len(drawn), _CHARACTERS)]
        _drawn.extend(ids[1:])
        return ids[0]


def request_id_of(scope: Scope) -> str:
    """Return the id of the scope's request, or "" outside the server's entrance."""
    return scope.get("state", {}).get("request_id", "")


def given_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a request brings, or "" without a valid id.

    It counts only where a trusted proxy gave it.
    """
    for name, value in headers:
        if name == REQUEST_ID.encode() and _GIVEN.fullmatch(value):
            return value.decode()
    return ""


def cut_request_id(head: bytes) -> tuple[bytes, str]:
    r"""Return the bytes of a head without its request id, and the id, or "" without a valid one.

    >>> cut_request_id(b"POST / HTTP/1.1\r\nx-request-id: 0123456789\r\n\r\n")
    (b'POST / HTTP/1.1\r\nx-request-id: \r\n\r\n', '0123456789')
    """
    found = _GIVEN_LINE.search(head)
    if found is None:
        return head, ""
    return head[: found.start(1)] + head[found.end(1) :], found[1].decode()
