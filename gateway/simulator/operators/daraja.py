"""Safaricom Daraja as a server: tokens, B2C v3, transaction status, account balance.

A request is checked, recorded, answered with an acknowledgement, and executed a moment later. Its
result is posted to the ResultURL. Nothing here is shared with the product.

Any consumer key, secret and initiator's credential is accepted unless `Terms` name them. Each new
token of a consumer key ends the one before it.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators import daraja_forms as forms
from gateway.simulator.operators.daraja_books import DarajaBooks
from gateway.simulator.operators.operator import basic_of, object_of
from gateway.simulator.operators.post import BackgroundTasks
from gateway.simulator.wire import after_acting, before_acting

TOKEN_LIFE_S: Final = 3599
BODY_MAX_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class DarajaTerms:
    """The credentials and delays of this operator. "" accepts any credential."""

    consumer_key: str = ""
    consumer_secret: str = ""
    credential: str = ""  # any other SecurityCredential gets result 2001
    result_delay_s: float = 0.05  # from the acknowledgement to the payment
    token_life_s: float = TOKEN_LIFE_S


class Daraja:
    """The operator. Its books are `books`, and `post` sends its results."""

    def __init__(
        self, books: DarajaBooks, plan: FaultPlan, terms: DarajaTerms | None = None
    ) -> None:
        self.books = books
        self.plan = plan
        self.terms = terms or DarajaTerms()
        self.post = BackgroundTasks(books, plan, forms.forged)

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/v1/generate", self._token, methods=["GET"]),
            Route("/mpesa/b2c/v3/paymentrequest", self._b2c, methods=["POST"]),
            Route("/mpesa/transactionstatus/v1/query", self._status, methods=["POST"]),
            Route("/mpesa/accountbalance/v1/query", self._balance, methods=["POST"]),
        ]

    def set_plan(self, plan: FaultPlan) -> None:
        self.plan = self.post.plan = plan

    def resume(self) -> None:
        """Continue the unfinished payments and results of a killed process."""
        for payment in self.books.unfinished():
            self.post.spawn(self._carry_out(payment.key, 0.0))
        self.post.tell_again()

    async def _token(self, request: Request) -> Response:
        faults = self.plan.draw("token", "token")
        if early := await before_acting(self.plan, faults):
            return early
        app, _, secret = basic_of(request.headers.get("authorization", "")).partition(":")
        terms = self.terms
        if not app or not secret or terms.consumer_key not in ("", app) or terms.consumer_secret not in ("", secret):  # fmt: skip
            return self._refuse("token", "", 400, "400.008.01", "Invalid Authentication passed")
        if request.query_params.get("grant_type") != "client_credentials":
            return self._refuse("token", "", 400, "400.008.02", "Invalid grant type passed")
        token = self._new_token(app)
        if "token_invalidated" in faults:
            # another process of the same business requests a token a moment later
            self._new_token(app)
        self.books.note_call("token", app, "given", faults)
        body = orjson.dumps({"access_token": token, "expires_in": "3599"})
        return after_acting(faults, lambda: _json(body))

    async def _b2c(self, request: Request) -> Response:
        raw = await request.body()
        body = object_of(raw)
        key = str(body.get("OriginatorConversationID", ""))
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if refused := self._door(request, raw, "b2c", key):
            return refused
        if field := forms.b2c_fault(body):
            return self._refuse("b2c", key, 400, "400.002.02", f"Bad Request - Invalid {field}")
        amount_minor = forms.amount_minor(body)
        assert amount_minor is not None
        order = {name: str(value) for name, value in body.items()}
        payment = self.books.accept(
            key,
            order["PartyB"],
            amount_minor,
            raw,
            faults,
            shortcode=order["PartyA"],
            result_url=order["ResultURL"],
            timeout_url=order["QueueTimeOutURL"],
        )
        if payment is None:
            return self._refuse("b2c", key, 500, "500.002.1001", forms.DUPLICATE, faults)
        self.books.note_call("b2c", key, "accepted", faults)
        if "result_early" in faults:
            await self._carry_out(key, 0.0)
        else:
            self.post.spawn(self._carry_out(key, self.terms.result_delay_s))
        return after_acting(faults, lambda: _json(forms.ack(payment.conversation, key)))

    async def _carry_out(self, key: str, delay_s: float) -> None:
        """Execute an accepted payment and post its result."""
        payment = self.books.find(key)
        assert payment is not None
        if "timeout_notice" in payment.faults:
            await self.post.tell_timeout(key, payment.timeout_url, payment.body)
            delay_s = self.plan.late_s
        await asyncio.sleep(delay_s)
        wrong_credential = self.terms.credential and self.terms.credential != object_of(payment.body).get("SecurityCredential")  # fmt: skip
        done = self.books.execute(
            key, magic=self.plan.magic, forbid="2001" if wrong_credential else ""
        )
        if done is not None:
            result = forms.b2c_result(done, self.books.funds())
            await self.post.tell(key, done.result_url, result, done.faults)

    async def _status(self, request: Request) -> Response:
        def answer(body: Mapping[str, object], query: str, faults: frozenset[str]) -> bytes:
            found = self.books.find(
                str(body.get("OriginalConversationID", "")), str(body.get("TransactionID", ""))
            )
            young = found and self.books.now() - found.accepted_at < self.plan.lag_s
            if "status_lag" in faults and young:
                found = None
            return forms.status_result(query, self.books.conversation(query), found)

        return await self._query(request, "status", "TransactionStatusQuery", answer)

    async def _balance(self, request: Request) -> Response:
        def answer(_body: Mapping[str, object], query: str, _faults: frozenset[str]) -> bytes:
            transaction = f"OA{secrets.token_hex(4).upper()}"
            conversation = self.books.conversation(query)
            return forms.balance_result(
                query, conversation, transaction, self.books.funds(), self.books.now()
            )

        return await self._query(request, "balance", "AccountBalance", answer)

    async def _query(
        self,
        request: Request,
        kind: str,
        command: str,
        answer: Callable[[Mapping[str, object], str, frozenset[str]], bytes],
    ) -> Response:
        """Acknowledge a query and answer it at its own ResultURL.

        Queries are asynchronous, too.
        """
        raw = await request.body()
        body = object_of(raw)
        key = str(body.get("OriginalConversationID") or body.get("TransactionID") or kind)
        faults = self.plan.draw(kind, key)
        if early := await before_acting(self.plan, faults):
            return early
        if refused := self._door(request, raw, kind, key):
            return refused
        if field := forms.query_fault(body, command):
            return self._refuse(kind, key, 400, "400.002.02", f"Bad Request - Invalid {field}")
        query = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-1"
        self.books.note_call(kind, key, query, faults)

        async def tell(delay_s: float) -> None:
            if "timeout_notice" in faults:
                await self.post.tell_timeout(query, str(body["QueueTimeOutURL"]), raw)
                return
            await asyncio.sleep(delay_s)
            result = answer(body, query, faults)
            await self.post.tell(query, str(body["ResultURL"]), result, faults)

        if "result_early" in faults:
            await tell(0.0)
        else:
            self.post.spawn(tell(self.terms.result_delay_s))
        return after_acting(faults, lambda: _json(forms.ack(self.books.conversation(query), query)))

    def _door(self, request: Request, raw: bytes, kind: str, key: str) -> Response | None:
        """Return the refusal of a wrong token or size, before the body is read, or None."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        good = self.books.db.execute(
            "SELECT 1 FROM token WHERE value = ? AND until > ?", (token, self.books.now())
        ).fetchone()
        if not token or good is None:
            text = f"Error Occurred - Invalid Access Token - {token}"
            return self._refuse(kind, key, 401, "401.002.01", text)
        if len(raw) > BODY_MAX_BYTES or not object_of(raw):
            return self._refuse(kind, key, 400, "400.002.05", "Invalid Request Payload")
        return None

    def _refuse(
        self,
        kind: str,
        key: str,
        status: int,
        code: str,
        text: str,
        faults: frozenset[str] = frozenset(),
    ) -> Response:
        self.books.note_call(kind, key, f"{code} {text}", faults)
        return _json(forms.error(code, text, f"{secrets.token_hex(2)}-{secrets.token_hex(6)}"), status)  # fmt: skip

    def _new_token(self, app: str) -> str:
        token = secrets.token_urlsafe(21)
        self.books.db.execute(
            "INSERT INTO token VALUES (?1, ?2, ?3) ON CONFLICT (app)"
            " DO UPDATE SET value = ?2, until = ?3",
            (app, token, self.books.now() + self.terms.token_life_s),
        )
        return token


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
