"""The operators' server: Daraja on its real paths, a carrier beside it, and `/admin` for tests.

In a test it runs in the event loop (`async with Operators() as it: it.url`); `gateway operators`
runs the same application as a process of its own, with its books in a data folder.

    GET  /admin/health                                  {"ok": true, ...}
    GET  /admin/books?provider=daraja[&by_key=0]        judge.Report
    POST /admin/float      {"float_minor": N} or {"add_minor": N}
    POST /admin/faults     a fault plan (see faults.py); null for none
    POST /admin/statement  {"day": "20261121", "defects": {"missing": 2}, "seed": 1} -> CSV
    POST /admin/settle     waits until all payments are made and all results are told
    and the carrier's, see carriers/admin.py
"""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.carriers.admin import carrier_routes
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.faults import FaultPlan, FaultPlanError, parse_plan
from gateway.simulator.operators.daraja import Daraja, Terms
from gateway.simulator.operators.daraja_books import FLOAT_MINOR, Books
from gateway.simulator.operators.judge import report
from gateway.simulator.operators.statement import statement
from gateway.simulator.wire import Listener

PROVIDERS: Final = ("daraja",)
ODD_PATHS: Final = {
    404: ("404.001.01", "Resource not found"),
    405: ("405.001", "Method Not Allowed"),
}
Handler = Callable[[Request], Awaitable[Response]]


class Operators:
    """All simulated providers of one process."""

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        seed: int = 0,
        plan: FaultPlan | None = None,
        terms: Terms | None = None,
        float_minor: int = FLOAT_MINOR,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`data_dir` None keeps the books in memory; `float_minor` opens new books only."""
        if data_dir is not None:
            data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "daraja.sqlite3" if data_dir else None
        self.seed = seed
        self.books = Books(path, seed=seed, float_minor=float_minor)
        self.daraja = Daraja(self.books, plan or FaultPlan(seed=seed), terms)
        self.carrier = CarrierServer(plan=self.daraja.plan)
        self.app = Starlette(
            routes=[
                *self.daraja.routes(),
                *self.carrier.routes,
                *carrier_routes(self.carrier),
                *self._admin(),
            ],
            exception_handlers=dict.fromkeys(ODD_PATHS, _odd_path),
        )
        self._listener = Listener(self.app, host, port)

    @property
    def url(self) -> str:
        return self._listener.url

    @property
    def port(self) -> int:
        return self._listener.port

    async def __aenter__(self) -> Self:
        """Go on where the books stopped, then answer. Raises OSError when the port is taken."""
        await self._listener.__aenter__()
        self.daraja.resume()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._listener.__aexit__(kind, error, trace)
        await self.daraja.post.close()
        await self.carrier.close()
        self.books.close()

    def set_plan(self, plan: FaultPlan) -> None:
        self.daraja.set_plan(plan)
        self.carrier.plan = plan

    def _admin(self) -> list[Route]:
        def route(path: str, method: str, handler: Handler) -> Route:
            return Route(f"/admin/{path}", handler, methods=[method])

        return [
            route("health", "GET", self._health),
            route("books", "GET", self._books),
            route("float", "POST", self._float),
            route("faults", "POST", self._faults),
            route("statement", "POST", self._statement),
            route("settle", "POST", self._settle),
        ]

    async def _health(self, request: Request) -> Response:
        plan = self.daraja.plan
        return _json({"ok": True, "providers": PROVIDERS, "seed": plan.seed, "rates": plan.rates})

    async def _books(self, request: Request) -> Response:
        provider = request.query_params.get("provider", "daraja")
        if provider not in PROVIDERS:
            return _bad(f"no provider {provider!r}; there is {', '.join(PROVIDERS)}", 404)
        return _json(report(self.books, by_key=request.query_params.get("by_key") != "0"))

    async def _float(self, request: Request) -> Response:
        body = await _object(request)
        left = self.books.funds().utility_minor
        match body:
            case {"float_minor": int(target)}:
                self.books.move_float(target - left, "set")
            case {"add_minor": int(amount)}:
                self.books.move_float(amount, "top-up")
            case _:
                return _bad('say {"float_minor": N} or {"add_minor": N}')
        return _json({"float_minor": self.books.funds().utility_minor})

    async def _faults(self, request: Request) -> Response:
        raw = await request.body()
        if raw.strip() in (b"", b"null", b'"none"'):
            self.set_plan(FaultPlan(seed=self.seed))
            return await self._health(request)
        try:
            self.set_plan(parse_plan(orjson.loads(raw), self.seed))
        except (orjson.JSONDecodeError, FaultPlanError) as error:
            return _bad(str(error))
        return await self._health(request)

    async def _statement(self, request: Request) -> Response:
        body = await _object(request)
        defects = cast("dict[str, int]", body.get("defects") or {})
        seed = body.get("seed", self.seed)
        try:
            text = statement(self.books, str(body.get("day") or ""), defects, int(str(seed)))
        except (ValueError, sqlite3.Error) as error:
            return _bad(str(error))
        return Response(text, media_type="text/csv")

    async def _settle(self, request: Request) -> Response:
        await self.daraja.post.settle()
        await self.carrier.settle()
        return _json({"ok": True})


async def _object(request: Request) -> dict[str, object]:
    try:
        found = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def _bad(text: str, status: int = 400) -> Response:
    return Response(orjson.dumps({"error": text}), status, media_type="application/json")


async def _odd_path(_request: Request, error: Exception) -> Response:
    """Daraja's own words for a path or method it does not have."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    code, text = ODD_PATHS[status]
    body = {"requestId": "", "errorCode": code, "errorMessage": text}
    return Response(orjson.dumps(body), status, media_type="application/json")
