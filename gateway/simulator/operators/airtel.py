"""Airtel Money disbursements (v2) as a server: token, disbursement, enquiry, balance. Kenyan shillings.

Answers are 200 even for refusals: the code is in `status.response_code`. Tokens live three minutes. The callback goes to
the URL of the portal, signed with base64 HMAC-SHA256 of the transaction's compact JSON under the client's secret.
Numbers that end in 9 and three digits of a code (9003 for DP00900001003) fail with that code.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.operators.books import OperatorBooks, Payment
from gateway.simulator.operators.operator import Operator, json, minor_of, object_of, part
from gateway.simulator.wire import after_acting, before_acting

CODE: Final = "DP00900001{}"
WORDS: Final = {
    "000": "Ambiguous",
    "001": "Success",
    "003": "Withdrawal limit exceeded",
    "004": "Invalid amount",
    "005": "Transaction failed",
    "006": "In process",
    "007": "Insufficient funds",
    "009": "Invalid initiatee",
    "010": "Payee not allowed",
    "011": "Transaction exists",
    "012": "Invalid mobile number",
    "013": "Refused",
    "014": "Timed out",
    "015": "Transaction not found",
    "016": "Signature mismatch",
    "017": "Duplicate transaction id",
}
FAILING: Final = ("003", "004", "005", "009", "010", "012", "013")
FEE_MINOR: Final = 9_00
SECRET: Final = "secret"  # noqa: S105  # of every client of this simulator, as in its documentation


class AirtelBooks(OperatorBooks):
    provider = "airtel"
    currency = "KES"

    def fee_minor(self, amount_minor: int) -> int:
        return FEE_MINOR

    def refusal(self, payment: Payment, *, magic: bool) -> str:
        if magic and payment.msisdn[-4] == "9" and payment.msisdn[-3:] in FAILING:
            return payment.msisdn[-3:]
        return "007" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return f"MP{number * 7_919 % 10**10:010}"


class Airtel(Operator):
    token_life_s = 180.0

    def routes(self) -> list[Route]:
        return [
            Route("/auth/oauth2/token", self._token, methods=["POST"]),
            Route("/standard/v2/disbursements/", self._disburse, methods=["POST"]),
            Route("/standard/v2/disbursements/{key}", self._enquiry, methods=["GET"]),
            Route("/standard/v2/users/balance", self._balance, methods=["GET"]),
        ]

    def told(self, payment: Payment) -> bytes:
        return _signed(_transaction(payment))

    def forged(self, true: bytes) -> bytes:
        lie = {**part(object_of(true), "transaction"), "status_code": "TS"}
        return orjson.dumps({"transaction": lie, "hash": base64.b64encode(bytes(32)).decode()})

    async def _token(self, request: Request) -> Response:
        faults = self.plan.draw("token", "airtel")
        if early := await before_acting(self.plan, faults):
            return early
        body = object_of(await request.body())
        if not body.get("client_id") or body.get("grant_type") != "client_credentials":
            return json({"error": "invalid_client", "error_description": "bad credentials"}, 400)
        token = self.new_token(str(body["client_id"]))
        if "token_invalidated" in faults:
            self.invalidate_tokens()
        told = {"token_type": "bearer", "access_token": token, "expires_in": "180"}
        return after_acting(faults, lambda: json(told))

    async def _disburse(self, request: Request) -> Response:
        raw = await request.body()
        body = object_of(raw)
        transaction, payee = part(body, "transaction"), part(body, "payee")
        key = str(transaction.get("id", ""))
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if refused := self._door(request):
            return refused
        amount = minor_of(transaction.get("amount"), 100)
        fault = _fault(key, body, payee, amount)
        if fault or amount is None:
            self.books.note_call("b2c", key, f"{fault} {WORDS[fault]}", faults)
            return _said(fault, None)
        payment = self.books.accept(key, str(payee["msisdn"]), amount, raw, faults)
        if payment is None:
            self.books.note_call("b2c", key, "duplicate", faults)
            return _said("017", None)
        self.books.note_call("b2c", key, "accepted", faults)
        await self.begin(key, faults)
        return after_acting(faults, lambda: _said("006", payment))

    async def _enquiry(self, request: Request) -> Response:
        key = request.path_params["key"]
        faults = self.plan.draw("status", key)
        if early := await before_acting(self.plan, faults):
            return early
        if refused := self._door(request):
            return refused
        found = self.seen(key, faults)
        self.books.note_call("status", key, found.state if found else "not found", faults)
        if found is None:
            return _said("015", None)
        code = {"paid": "001", "refused": found.code}.get(found.state, "006")
        return after_acting(faults, lambda: _said(code, found))

    async def _balance(self, request: Request) -> Response:
        if refused := self._door(request):
            return refused
        left = f"{self.books.funds().utility_minor / 100:.2f}"
        told = {"balance": left, "currency": self.books.currency, "account_status": "Active"}
        return json({"data": told, "status": {"code": "200", "success": True}})

    def _door(self, request: Request) -> Response | None:
        if not self.knows(request.headers.get("authorization", "")):
            return json({"error": "invalid_token", "error_description": "expired"}, 401)
        if not request.headers.get("x-country") or not request.headers.get("x-currency"):
            return json({"status": {"code": "400", "message": "X-Country is missing"}}, 400)
        return None


def _fault(key: str, body: dict[str, object], payee: dict[str, object], amount: int | None) -> str:
    if amount is None:
        return "004"
    if not re.fullmatch(r"\d{9}", str(payee.get("msisdn", ""))):
        return "012"
    good = re.fullmatch(r"\w{5,80}", key) and re.fullmatch(
        r"[A-Za-z0-9 ]{4,64}", str(body.get("reference", ""))
    )
    return "" if good and body.get("pin") else "013"


def _transaction(payment: Payment) -> dict[str, object]:
    status = {"paid": "TS", "refused": "TF"}.get(payment.state, "TIP")
    told: dict[str, object] = {
        "id": payment.key,
        "message": WORDS.get(payment.code, "Success") if payment.code else "Success",
        "status_code": status,
    }
    if status == "TS":
        told["airtel_money_id"] = payment.transaction
    return told


def _signed(transaction: dict[str, object]) -> bytes:
    digest = hmac.new(SECRET.encode(), orjson.dumps(transaction), hashlib.sha256).digest()
    return orjson.dumps({"transaction": transaction, "hash": base64.b64encode(digest).decode()})


def _said(code: str, payment: Payment | None) -> Response:
    """Airtel's envelope: 200 whatever it says."""
    data: dict[str, object] = {}
    if payment is not None:
        told = _transaction(payment)
        told["status"] = told.pop("status_code")
        data = {"transaction": told}
    status = {
        "response_code": CODE.format(code),
        "code": "200",
        "success": code in ("001", "006"),
        "message": WORDS[code],
        "result_code": "ESB000010",
    }
    return json({"data": data, "status": status})
