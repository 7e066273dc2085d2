"""Errors as RFC 9457 problem documents that name field and row."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from gateway.api import wording
from gateway.api.callers.limits import TooOften
from gateway.api.callers.phones_first import PhonesFirst
from gateway.api.callers.request_ids import request_id_of
from gateway.base.errors import Conflict, Failed, Fault, Refused, SettingsError
from gateway.base.errors.problem_codes import KIND_OF, FaultRule, ProblemCode, code_of_status

log = structlog.get_logger()

_RETRY = {"Retry-After": "2"}
_MEDIA = "application/problem+json"
PROBLEMS_PAGE = "/docs/problems"
"""The page that describes each code. `type` of a problem document points to it."""
_FAULT: dict[str, Any] = {
    "type": "object",
    "title": "Fault",
    "description": "One fault of a request.",
    "required": ["field", "row", "rule", "message"],
    "properties": {
        "field": {"type": ["string", "null"]},
        "row": {"type": ["integer", "null"], "description": "1 is the first task"},
        "rule": {"type": "string", "enum": [str(rule) for rule in FaultRule]},
        "message": {"type": "string", "description": "The rule in words"},
    },
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The address of the description of the code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {
            "type": "string",
            "enum": [str(code) for code in ProblemCode],
            "description": "The error, for programs. It stays what it is",
        },
        "detail": {"type": "string", "description": "What happened and what to change"},
        "request_id": {"type": "string", "description": "The id under which it is in the log"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    },
}
SCHEMAS: dict[str, dict[str, Any]] = {"Problem": _PROBLEM, "Fault": _FAULT}
"""The schemas of problem documents, by their names in /openapi.json."""
DECLARED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in (
        (400, "The request cannot be read"),
        (401, "No valid API key"),
        (402, "Not enough money"),
        (403, "The key has not the scope of this operation"),
        (404, "There is no such thing among yours"),
        (405, "This address does not take this method; `Allow` names those it takes"),
        (408, "The request did not arrive in time"),
        (409, "Not in this state, or the Idempotency-Key belongs to another request"),
        (413, "The body is larger than the limit"),
        (421, "The Host header names another server"),
        (422, "Not valid: field, row and rule"),
        (429, "Too many requests per minute; `Retry-After` says when to try again"),
        (431, "The address or the headers are larger than the limit"),
        (500, "A fault of the gateway; tell the operator the request id"),
        (503, "Not available now; `Retry-After` says when to try again"),
    )
}
"""The error responses of every operation of the client API, for /openapi.json."""


def problem(
    status: int,
    detail: str,
    faults: tuple[Fault, ...] = (),
    *,
    headers: Mapping[str, str] | None = None,
    request_id: str = "",
    code: ProblemCode | None = None,
) -> JSONResponse:
    """Return a problem document.

    `code` names the error for programs. `errors` lists field, row (1 = first task) and rule of each
    fault.
    """
    code = code or code_of_status(status)
    known = KIND_OF[code]
    body: dict[str, object] = {
        "type": f"{PROBLEMS_PAGE}#{code}",
        "title": known.title if known.status == status else _phrase(status),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if faults:
        body["errors"] = [
            {"field": f.field, "row": f.row, "rule": f.rule, "message": f.message} for f in faults
        ]
    if request_id:
        body["request_id"] = request_id
    return JSONResponse(body, status_code=status, headers=headers, media_type=_MEDIA)


def broken(request_id: str) -> JSONResponse:
    """Return the problem document of a fault of the gateway itself."""
    detail = f"a fault of the gateway; it is logged under the request id {request_id}"
    return problem(500, detail, request_id=request_id)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


ProblemHandler = Callable[[Request, Exception], Awaitable[Response]]


def add_handlers(app: FastAPI) -> None:
    """Make every error of the API a problem document."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _broken)


async def answer_to(request: Request, bad: Exception) -> Response:
    """Return the problem document of an error that is raised before FastAPI has the request.

    Raises other errors again.
    """
    for kind in type(bad).__mro__:
        if kind in _HANDLERS:
            return await _HANDLERS[kind](request, bad)
    raise bad


async def _unknown_kind(request: Request, bad: Exception) -> Response:
    return problem(422, str(bad))


async def _invalid(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, RequestValidationError)
    faults = wording.faults_of(request, bad.errors())
    return problem(422, wording.sentence(faults), faults)


async def _http(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, HTTPException)
    headers = dict(bad.headers or {})
    detail = str(bad.detail)
    if bad.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(allowed_methods(request))
        detail = f"{request.method} is not taken here; allowed: {headers['Allow']}"
    elif detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is nothing at {request.url.path}; /docs lists what there is"
    return problem(bad.status_code, detail, headers=headers)


async def _failed(request: Request, bad: Exception) -> Response:
    return problem(503, str(bad), headers=_RETRY)


async def _nul(request: Request, bad: Exception) -> Response:
    return problem(422, "there is a NUL character in the request; take it out and send it again")


async def _too_large(request: Request, bad: Exception) -> Response:
    log.error("a value reached the database that no check refused", why=type(bad).__name__)
    return problem(422, "a value in the request is larger than can be stored")


async def _away(request: Request, bad: Exception) -> Response:
    log.error("database away", why=str(bad))
    return problem(503, _not_known(request), headers=_RETRY, code=ProblemCode.DATABASE_AWAY)


def _not_known(request: Request) -> str:
    """Return the text for a database that went away during a request.

    A commit may have been carried out.
    """
    if request.method in ("GET", "HEAD"):
        return "the database does not answer right now; nothing was changed, send the request again"
    return (
        "the database does not answer right now, and whether the request was carried out is not known; look first "
        "(GET), or send it again with the same Idempotency-Key where the operation takes one"
    )


async def _broken(request: Request, bad: Exception) -> Response:
    return broken(request_id_of(request.scope))


def allowed_methods(request: Request) -> list[str]:
    """Return the methods that the routes of this address accept."""
    found: set[str] = set()
    for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            found.add(method)
    return sorted(found)


async def _refused(request: Request, bad: Exception) -> Response:
    assert isinstance(bad, Refused)
    answer = problem(bad.status, str(bad), bad.faults, code=bad.code)
    if isinstance(bad, TooOften | PhonesFirst):
        answer.headers["Retry-After"] = str(bad.again_s)
    elif bad.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.update(_RETRY)
    elif bad.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _busy(request: Request, bad: Exception) -> Response:
    log.warning(
        "other requests changed the same rows, eight times", path=request.url.path, error=str(bad)
    )
    return problem(
        503,
        "other requests are changing the same rows; nothing was done: try again",
        headers=_RETRY,
    )


# PostgreSQL's text and jsonb hold every character but NUL.
_NUL = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
_AWAY = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
_HANDLERS: dict[type[Exception], ProblemHandler] = {
    SettingsError: _unknown_kind,
    RequestValidationError: _invalid,
    HTTPException: _http,
    Failed: _failed,
    **dict.fromkeys(_NUL, _nul),
    **dict.fromkeys(_AWAY, _away),
    asyncpg.DataError: _too_large,
    Conflict: _busy,
    Refused: _refused,
}
