"""Africa's Talking airtime as a server: send, find a transaction, and its two callbacks. Kenyan shillings.

Before it sends, it asks the validation URL of the portal (where one is set) and sends only on "Validated". The final
status goes to the status URL. Paths and words as in the provider's documentation and its public SDKs; `/query/
transaction/find` as in the Node SDK's `findTransactionStatus`. Numbers that end in 91001 fail after "Sent".
"""

import re
from typing import Final
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.operators.books import OperatorBooks, Payment
from gateway.simulator.operators.operator import Operator, json, minor_of, object_of
from gateway.simulator.wire import JSON, Caller, after_acting, before_acting

DUPLICATE: Final = "A duplicate request was received within the last 5 minutes"
NOT_VALIDATED: Final = "Not validated"
MAGIC_FAILED: Final = "91001"
DISCOUNT_PERCENT: Final = 4
MINIMUM_MINOR, MAXIMUM_MINOR = 5_00, 10_000_00
_AMOUNT: Final = re.compile(r"KES (\d+(?:\.\d+)?)")


class AirtimeBooks(OperatorBooks):
    provider = "airtime"
    currency = "KES"

    def fee_minor(self, amount_minor: int) -> int:
        return 0

    def refusal(self, payment: Payment, *, magic: bool) -> str:
        if magic and payment.msisdn.endswith(MAGIC_FAILED):
            return "Failed"
        return "Insufficient balance" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return f"ATQid_{number * 104_729 % 16**12:012x}{self.seed:04x}"


class Airtime(Operator):
    def routes(self) -> list[Route]:
        return [
            Route("/version1/airtime/send", self._send, methods=["POST"]),
            Route("/query/transaction/find", self._find, methods=["GET"]),
            Route("/version1/user", self._user, methods=["GET"]),
        ]

    def told(self, payment: Payment) -> bytes:
        return orjson.dumps(
            {
                "phoneNumber": f"+{payment.msisdn}",
                "description": "Airtime Delivered Successfully" if payment.state == "paid" else payment.code,
                "status": "Success" if payment.state == "paid" else "Failed",
                "requestId": payment.transaction,
                "discount": _kes(payment.amount_minor * DISCOUNT_PERCENT // 100),
                "value": _kes(payment.amount_minor),
            }
        )  # fmt: skip

    def forged(self, true: bytes) -> bytes:
        return orjson.dumps({**object_of(true), "status": "Success", "requestId": "ATQid_forged"})

    async def _send(self, request: Request) -> Response:
        raw = await request.body()
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        key = request.headers.get("idempotency-key", "")
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if not request.headers.get("apikey") or not form.get("username"):
            return Response("The supplied authentication is invalid", 401, media_type="text/plain")
        msisdn, amount = _recipient(form.get("recipients", ""))
        if fault := _fault(key, msisdn, amount):
            self.books.note_call("b2c", key, fault, faults)
            return _none(fault)
        assert amount is not None
        payment = self.books.accept(key, msisdn.removeprefix("+"), amount, raw, faults)
        if payment is None:
            self.books.note_call("b2c", key, "duplicate", faults)
            return _none(DUPLICATE)
        if not await self._validated(payment):
            self.books.execute(key, magic=False, forbid=NOT_VALIDATED)
            self.books.note_call("b2c", key, "not validated", faults)
            return _none(NOT_VALIDATED)
        self.books.note_call("b2c", key, "accepted", faults)
        await self.begin(key, faults)
        return after_acting(faults, lambda: _sent(payment))

    async def _validated(self, payment: Payment) -> bool:
        """Ask the business whether it ordered this, as the portal was told to."""
        if not self.portal.validation_url:
            return True
        question = orjson.dumps(
            {
                "transactionId": payment.transaction,
                "phoneNumber": f"+{payment.msisdn}",
                "sourceIpAddress": "127.0.0.1",
                "currencyCode": self.books.currency,
                "amount": payment.amount_minor / 100,
            }
        )
        caller = Caller(10.0)
        try:
            answer = await caller.post(self.portal.validation_url, question, JSON)
        finally:
            await caller.close()
        return object_of(answer.text.encode()).get("status") == "Validated"

    async def _user(self, request: Request) -> Response:
        """The account's one wallet; Africa's Talking writes four decimals."""
        if not request.headers.get("apikey"):
            return Response("The supplied authentication is invalid", 401, media_type="text/plain")
        left = self.books.funds().utility_minor
        return json({"UserData": {"balance": f"{self.books.currency} {left / 100:.4f}"}})

    async def _find(self, request: Request) -> Response:
        reference = request.query_params.get("transactionId", "")
        faults = self.plan.draw("status", reference)
        if early := await before_acting(self.plan, faults):
            return early
        if not request.headers.get("apikey"):
            return Response("The supplied authentication is invalid", 401, media_type="text/plain")
        found = self.books.find("", reference)
        young = found and self.books.now() - found.accepted_at < self.plan.lag_s
        self.books.note_call("status", reference, found.state if found else "not found", faults)
        if found is None or ("status_lag" in faults and young):
            return json({"status": "Failure", "errorMessage": "Transaction not found"})
        status = {"paid": "Success", "refused": "Failed"}.get(found.state, "Sent")
        data = {
            "transactionId": reference,
            "status": status,
            "destination": f"+{found.msisdn}",
            "value": _kes(found.amount_minor),
            "description": found.code or status,
            "category": "Airtime",
        }
        return after_acting(faults, lambda: json({"status": "Success", "data": data}))


def _recipient(told: str) -> tuple[str, int | None]:
    """The one recipient's number and cents."""
    try:
        first = orjson.loads(told)[0]
        amount = _AMOUNT.fullmatch(str(first["amount"]))
        return str(first["phoneNumber"]), minor_of(amount[1], 100) if amount else None
    except (ValueError, LookupError, TypeError):
        return "", None


def _fault(key: str, msisdn: str, amount: int | None) -> str:
    if not 8 <= len(key) <= 100:  # noqa: PLR2004  as documented
        return "Invalid idempotency key"
    if not re.fullmatch(r"\+254[17]\d{8}", msisdn):
        return "Invalid phone number"
    if amount is None or not MINIMUM_MINOR <= amount <= MAXIMUM_MINOR:
        return "Value Outside The Allowed Limits"
    return ""


def _none(error: str) -> Response:
    told: dict[str, object] = {
        "errorMessage": error,
        "numSent": 0,
        "totalAmount": "0",
        "totalDiscount": "0",
        "responses": [],
    }
    return json(told, 201)


def _sent(payment: Payment) -> Response:
    amount, off = _kes(payment.amount_minor), _kes(payment.amount_minor * DISCOUNT_PERCENT // 100)
    one = {
        "phoneNumber": f"+{payment.msisdn}",
        "errorMessage": "None",
        "amount": amount,
        "status": "Sent",
        "requestId": payment.transaction,
        "discount": off,
    }
    told = {
        "errorMessage": "None",
        "numSent": 1,
        "totalAmount": amount,
        "totalDiscount": off,
        "responses": [one],
    }
    return json(told, 201)


def _kes(minor: int) -> str:
    return f"KES {minor / 100:.4f}"
