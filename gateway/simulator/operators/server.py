"""The operators' server: Daraja, MTN, Airtel, airtime and pawaPay on their real paths.

Two carriers (Africa's Talking and Twilio) and `/admin` are served beside them. In a test it runs in
the event loop (`async with Operators() as it: it.url`). `gateway operators` runs the same
application as a process of its own, with its books in a data folder.

    GET  /admin/health                                  {"ok": true, ...}
    GET  /admin/books?provider=daraja[&by_key=0]        judge.BooksReport
    POST /admin/float[?provider=mtn]   {"float_minor": N} or {"add_minor": N}
    POST /admin/portal?provider=airtel {"callback_url": ..., "validation_url": ...}
    POST /admin/faults     a fault plan (see faults.py); null for none
    POST /admin/statement  {"day": "20261121", "defects": {"missing": 2}, "seed": 1} -> CSV
                           {"moves": true}: all days, with top-ups, charges and balances
    POST /admin/settle     waits until all payments are made and all results are posted

The carriers' routes are described in carriers/admin.py.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.carriers.admin import UssdPhones, carrier_routes, twilio_routes
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.twilio import TwilioServer, not_found
from gateway.simulator.faults import FaultPlan, FaultPlanError, parse_plan
from gateway.simulator.operators.airtel import AirtelBooks, AirtelOperator
from gateway.simulator.operators.at_airtime import AirtimeBooks, AirtimeOperator
from gateway.simulator.operators.books import FLOAT_MINOR, OperatorBooks
from gateway.simulator.operators.daraja import Daraja, DarajaTerms
from gateway.simulator.operators.daraja_books import DarajaBooks
from gateway.simulator.operators.judge import report
from gateway.simulator.operators.mtn import MtnBooks, MtnOperator
from gateway.simulator.operators.operator import Operator
from gateway.simulator.operators.pawapay import PawapayBooks, PawapayOperator
from gateway.simulator.operators.statement import statement
from gateway.simulator.wire import Listener

OTHERS: Final[Mapping[str, tuple[type[OperatorBooks], type[Operator]]]] = {
    "mtn": (MtnBooks, MtnOperator),
    "airtel": (AirtelBooks, AirtelOperator),
    "airtime": (AirtimeBooks, AirtimeOperator),
    "pawapay": (PawapayBooks, PawapayOperator),
}
PROVIDERS: Final = ("daraja", *OTHERS)
ODD_PATHS: Final = {
    404: ("404.001.01", "Resource not found"),
    405: ("405.001", "Method Not Allowed"),
}
OperatorHandler = Callable[[Request], Awaitable[Response]]


class Operators:
    """All simulated providers of one process."""

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        seed: int = 0,
        plan: FaultPlan | None = None,
        terms: DarajaTerms | None = None,
        float_minor: int = FLOAT_MINOR,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Open the books in `data_dir`, or in memory if it is None.

        `float_minor` is the opening float, for new books only.
        """
        if data_dir is not None:
            data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "daraja.sqlite3" if data_dir else None
        self.seed = seed
        self.books = DarajaBooks(path, seed=seed, float_minor=float_minor)
        self.daraja = Daraja(self.books, plan or FaultPlan(seed=seed), terms)
        self.carrier = CarrierServer(plan=self.daraja.plan)
        self.ussd = UssdPhones()
        self.twilio = TwilioServer(self.daraja.plan, receipts=True)
        self.others: dict[str, Operator] = {
            name: operator(
                books(
                    data_dir / f"{name}.sqlite3" if data_dir else None,
                    seed=seed,
                    float_minor=float_minor,
                ),
                self.daraja.plan,
            )
            for name, (books, operator) in OTHERS.items()
        }
        self.app = Starlette(
            routes=[
                *self.daraja.routes(),
                *(route for other in self.others.values() for route in other.routes()),
                *self.carrier.routes,
                *self.twilio.routes,
                *carrier_routes(self.carrier),
                *twilio_routes(self.twilio),
                *self.ussd.routes(),
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
        """Continue where the books stopped, then answer. Raises OSError when the port is taken."""
        await self._listener.__aenter__()
        self.daraja.resume()
        for other in self.others.values():
            other.resume()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._listener.__aexit__(kind, error, trace)
        await self.daraja.post.close()
        for other in self.others.values():
            await other.post.close()
            other.books.close()
        await self.carrier.close()
        await self.twilio.close()
        await self.ussd.close()
        self.books.close()

    def set_plan(self, plan: FaultPlan) -> None:
        self.daraja.set_plan(plan)
        for other in self.others.values():
            other.set_plan(plan)
        self.carrier.plan = self.twilio.plan = plan

    def _admin(self) -> list[Route]:
        def route(path: str, method: str, handler: OperatorHandler) -> Route:
            return Route(f"/admin/{path}", handler, methods=[method])

        return [
            route("health", "GET", self._health),
            route("books", "GET", self._books),
            route("float", "POST", self._float),
            route("portal", "POST", self._portal),
            route("faults", "POST", self._faults),
            route("statement", "POST", self._statement),
            route("settle", "POST", self._settle),
        ]

    async def _health(self, request: Request) -> Response:
        plan = self.daraja.plan
        return _json({"ok": True, "providers": PROVIDERS, "seed": plan.seed, "rates": plan.rates})

    def books_of(self, provider: str) -> OperatorBooks | None:
        """Return the books of `daraja`, `mtn`, `airtel`, `airtime` or `pawapay`, else None."""
        if provider == "daraja":
            return self.books
        found = self.others.get(provider)
        return found.books if found else None

    async def _books(self, request: Request) -> Response:
        books = self.books_of(request.query_params.get("provider", "daraja"))
        if books is None:
            return _no_provider(request)
        return _json(report(books, by_key=request.query_params.get("by_key") != "0"))

    async def _float(self, request: Request) -> Response:
        books = self.books_of(request.query_params.get("provider", "daraja"))
        if books is None:
            return _no_provider(request)
        left = books.funds().utility_minor
        match await _object(request):
            case {"float_minor": int(target)}:
                books.move_float(target - left, "set")
            case {"add_minor": int(amount)}:
                books.move_float(amount, "top-up")
            case _:
                return _bad('say {"float_minor": N} or {"add_minor": N}')
        return _json({"float_minor": books.funds().utility_minor})

    async def _portal(self, request: Request) -> Response:
        """Set the callback URLs that a business would set up in the operator's portal."""
        operator = self.others.get(request.query_params.get("provider", ""))
        if operator is None:
            return _no_provider(request)
        for name, value in (await _object(request)).items():
            if name not in ("callback_url", "validation_url") or not isinstance(value, str):
                return _bad('say {"callback_url": "...", "validation_url": "..."}')
            setattr(operator.portal, name, value)
        return _json({"ok": True})

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
            text = statement(
                self.books,
                str(body.get("day") or ""),
                defects,
                int(str(seed)),
                moves=bool(body.get("moves")),
            )
        except (ValueError, sqlite3.Error) as error:
            return _bad(str(error))
        return Response(text, media_type="text/csv")

    async def _settle(self, request: Request) -> Response:
        await self.daraja.post.settle()
        for other in self.others.values():
            await other.post.settle()
        await self.carrier.settle()
        await self.twilio.settle()
        return _json({"ok": True})


async def _object(request: Request) -> dict[str, object]:
    try:
        found = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _no_provider(request: Request) -> Response:
    name = request.query_params.get("provider", "")
    return _bad(f"no provider {name!r} here; there is {', '.join(PROVIDERS)}", 404)


def _bad(text: str, status: int = 400) -> Response:
    return Response(orjson.dumps({"error": text}), status, media_type="application/json")


async def _odd_path(request: Request, error: Exception) -> Response:
    """Return a provider's answer for an unknown path or method, by default Daraja's."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if request.url.path.startswith("/2010-04-01/"):
        return await not_found(request)
    if request.url.path.startswith("/disbursement/"):
        return _json({"statusCode": status, "message": "Resource not found"}, status)
    code, text = ODD_PATHS[status]
    body = {"requestId": "", "errorCode": code, "errorMessage": text}
    return Response(orjson.dumps(body), status, media_type="application/json")
