"""The id of a request, on every answer, in every problem document, and in the log."""

import re
import secrets
from typing import Final

from starlette.types import Scope

REQUEST_ID: Final = "x-request-id"
_GIVEN = re.compile(rb"[0-9A-Za-z_-]{8,64}")


def new_request_id() -> str:
    """Return a new id."""
    return secrets.token_hex(8)


def request_id_of(scope: Scope) -> str:
    """Return the id of the scope's request, or "" outside the server's entrance."""
    return scope.get("state", {}).get("request_id", "")


def given_request_id(scope: Scope) -> str:
    """Return the id that a trusted proxy gave the request, or a new one without a valid id."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode() and _GIVEN.fullmatch(value):
            return value.decode()
    return new_request_id()
