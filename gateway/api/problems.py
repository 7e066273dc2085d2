"""Errors as RFC 9457 problem documents that name field and row."""

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gateway.api.limits import TooOften
from gateway.api.phones_first import PhonesFirst
from gateway.errors import Conflict, Failed, Fault, Refused, SettingsError

log = structlog.get_logger()

_TITLES = {400: "Bad request", 401: "Not signed in", 402: "Not enough money", 404: "Not found", 409: "Not now",
           413: "Too large", 429: "Too often", 422: "Not valid", 503: "Try again later"}  # fmt: skip


def problem(status: int, detail: str, faults: tuple[Fault, ...] = ()) -> JSONResponse:
    """One problem document. `errors` lists field, row (1 = first task) and rule of each fault."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if faults:
        body["errors"] = [{"field": f.field, "row": f.row, "message": f.message} for f in faults]
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def add_handlers(app: FastAPI) -> None:
    """Every error of the API becomes a problem document."""

    @app.exception_handler(SettingsError)
    async def unknown_kind(request: Request, bad: SettingsError) -> JSONResponse:
        return problem(422, str(bad))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, bad: RequestValidationError) -> JSONResponse:
        faults = tuple(
            Fault(str(e["msg"]), ".".join(str(part) for part in e["loc"] if part != "body") or None)
            for e in bad.errors()
        )
        first = faults[0]
        return problem(
            422, f"{first.field}: {first.message}" if first.field else first.message, faults
        )

    @app.exception_handler(HTTPException)
    async def http(request: Request, bad: HTTPException) -> JSONResponse:
        return problem(bad.status_code, str(bad.detail))

    @app.exception_handler(Failed)
    async def failed(request: Request, bad: Failed) -> JSONResponse:
        return problem(503, str(bad))

    async def nul(request: Request, bad: Exception) -> JSONResponse:
        return problem(
            422, "there is a NUL character in the request; take it out and send it again"
        )

    # PostgreSQL's text and jsonb hold every character but this one.
    for kind in (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError):
        app.add_exception_handler(kind, nul)

    async def too_large(request: Request, bad: Exception) -> JSONResponse:
        log.error("a value reached the database that no check refused", why=type(bad).__name__)
        return problem(422, "a value in the request is larger than can be stored")

    app.add_exception_handler(asyncpg.DataError, too_large)

    async def away(request: Request, bad: Exception) -> JSONResponse:
        log.error("database away", why=str(bad))
        return problem(
            503,
            _not_known(request),
        )

    for kind in (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        app.add_exception_handler(kind, away)
    app.add_exception_handler(Conflict, _busy)
    app.add_exception_handler(Refused, _refused)


def _not_known(request: Request) -> str:
    """Return what is true when the database went away in between: a commit may have been carried out."""
    if request.method in ("GET", "HEAD"):
        return "the database does not answer right now; nothing was changed, send the request again"
    return (
        "the database does not answer right now, and whether the request was carried out is not known; look first "
        "(GET), or send it again with the same Idempotency-Key where the operation takes one"
    )


async def _refused(request: Request, bad: Exception) -> JSONResponse:
    assert isinstance(bad, Refused)
    answer = problem(bad.status, str(bad), bad.faults)
    if isinstance(bad, TooOften | PhonesFirst):
        answer.headers["Retry-After"] = str(bad.again_s)
    return answer


async def _busy(request: Request, bad: Exception) -> JSONResponse:
    log.warning("others were in the way, eight times", path=request.url.path, error=str(bad))
    return problem(503, "others change the same rows just now; nothing was done: try again")


__all__ = ["add_handlers", "problem"]
