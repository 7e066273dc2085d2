"""The id of a request, on every answer, in every problem document, and in the log."""

import os
import re
import secrets
from typing import Final

from starlette.types import Scope

REQUEST_ID: Final = "x-request-id"
_GIVEN = re.compile(rb"[0-9A-Za-z_-]{8,64}")
_CHARACTERS, _DRAWN_AT_ONCE = 16, 256
# Asking the system for randomness takes a noticeable part of the time of a polite screen, so many
# ids are drawn at a time.
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


def given_request_id(scope: Scope) -> str:
    """Return the id that a trusted proxy gave the request, or a new one without a valid id."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode() and _GIVEN.fullmatch(value):
            return value.decode()
    return new_request_id()
