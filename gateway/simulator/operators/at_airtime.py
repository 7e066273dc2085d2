"""Africa's Talking airtime as a server: send, find a transaction, and its two callbacks.

Amounts are in the currency of the number's country. The documentation calls the key of a request
optional.

Before it sends, it asks the validation URL of the portal (if one is set) and sends only on
"Validated". The final status goes to the status URL. Paths and words are those of the provider's
documentation and its public SDKs, and `/query/transaction/find` is that of the Node SDK's
`findTransactionStatus`. Numbers that end in 91001 fail after "Sent".
"""

import re
import secrets
from typing import Final
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.countries import minor_per_major, pays_in, region_of
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
from gateway.simulator.operators.operator import Operator, json, minor_of, object_of
from gateway.simulator.wire import JSON, Caller, after_acting, before_acting

DUPLICATE: Final = "A duplicate request was received within the last 5 minutes"
NOT_VALIDATED: Final = "Not validated"
MAGIC_FAILED: Final = "91001"
DISCOUNT_PERCENT: Final = 4
MINIMUM_MINOR, MAXIMUM_MINOR = 5_00, 10_000_00
_AMOUNT: Final = re.compile(r"([A-Z]{3}) (\d+(?:\.\d+)?)")


class AirtimeBooks(OperatorBooks):
    provider = "airtime"
    currency = "KES"

    def fee_minor(self, amount_minor: int) -> int:
        return 0

    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        if magic and payment.msisdn.endswith(MAGIC_FAILED):
            return "Failed"
        return "Insufficient balance" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return f"ATQid_{number * 104_729 % 16**12:012x}{self.seed:04x}"


class AirtimeOperator(Operator):
    def routes(self) -> list[Route]:
        return [
            Route("/version1/airtime/send", self._send, methods=["POST"]),
            Route("/query/transaction/find", self._find, methods=["GET"]),
            Route("/version1/user", self._user, methods=["GET"]),
        ]

    def told(self, payment: PaymentRequest) -> bytes:
        return orjson.dumps(
            {
                "phoneNumber": f"+{payment.msisdn}",
                "description": "Airtime Delivered Successfully" if payment.state == "paid" else payment.code,
                "status": "Success" if payment.state == "paid" else "Failed",
                "requestId": payment.transaction,
                "discount": _written(payment, DISCOUNT_PERCENT),
                "value": _written(payment),
            }
        )  # fmt: skip

    def forged(self, true: bytes) -> bytes:
        return orjson.dumps({**object_of(true), "status": "Success", "requestId": "ATQid_forged"})

    async def _send(self, request: Request) -> Response:
        raw = await request.body()
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        given = request.headers.get("idempotency-key", "")
        key = given or f"unkeyed {secrets.token_hex(8)}"
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if not request.headers.get("apikey") or not form.get("username"):
            return Response("The supplied authentication is invalid", 401, media_type="text/plain")
        msisdn, currency, amount = _recipient(form.get("recipients", ""))
        if fault := _fault(given, msisdn, currency, amount):
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

    async def _validated(self, payment: PaymentRequest) -> bool:
        """Return whether the business confirms at its validation URL that it ordered this."""
        if not self.portal.validation_url:
            return True
        question = orjson.dumps(
            {
                "transactionId": payment.transaction,
                "phoneNumber": f"+{payment.msisdn}",
                "sourceIpAddress": "127.0.0.1",
                "currencyCode": _money(payment)[0],
                "amount": payment.amount_minor / minor_per_major(_money(payment)[0]),
            }
        )
        caller = Caller(10.0)
        try:
            answer = await caller.post(self.portal.validation_url, question, JSON)
        finally:
            await caller.close()
        return object_of(answer.text.encode()).get("status") == "Validated"

    async def _user(self, request: Request) -> Response:
        """Return the account's one wallet. Africa's Talking writes four decimals."""
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
            "value": _written(found),
            "description": found.code or status,
            "category": "Airtime",
        }
        return after_acting(faults, lambda: json({"status": "Success", "data": data}))


def _recipient(told: str) -> tuple[str, str, int | None]:
    """Return the number, currency and minor units of the only recipient."""
    try:
        first = orjson.loads(told)[0]
        amount = _AMOUNT.fullmatch(str(first["amount"]))
        number = str(first["phoneNumber"])
    except (ValueError, LookupError, TypeError):
        return "", "", None
    if not amount:
        return number, "", None
    return number, amount[1], minor_of(amount[2], minor_per_major(amount[1]))


def _fault(given: str, msisdn: str, currency: str, amount: int | None) -> str:
    if given and not 8 <= len(given) <= 100:  # noqa: PLR2004  as documented
        return "Invalid idempotency key"
    region = region_of(msisdn.removeprefix("+")) if msisdn.startswith("+") else ""
    if not region:
        return "Invalid phone number"
    if amount is None or not pays_in(region, currency) or not _within(amount, currency):
        return "Value Outside The Allowed Limits"
    return ""


def _within(amount_minor: int, currency: str) -> bool:
    """Return whether an amount is within the limits.

    The limits of Kenya are documented. For other countries any amount is taken.
    """
    return currency != "KES" or MINIMUM_MINOR <= amount_minor <= MAXIMUM_MINOR


def _none(error: str) -> Response:
    told: dict[str, object] = {
        "errorMessage": error,
        "numSent": 0,
        "totalAmount": "0",
        "totalDiscount": "0",
        "responses": [],
    }
    return json(told, 201)


def _sent(payment: PaymentRequest) -> Response:
    amount, off = _written(payment), _written(payment, DISCOUNT_PERCENT)
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


def _money(payment: PaymentRequest) -> tuple[str, str]:
    """Return the currency and amount that the recipient was given."""
    form = {name: values[0] for name, values in parse_qs(payment.body.decode()).items()}
    currency, _, amount = str(orjson.loads(form["recipients"])[0]["amount"]).partition(" ")
    return currency, amount


def _written(payment: PaymentRequest, percent: int = 100) -> str:
    currency, amount = _money(payment)
    return f"{currency} {float(amount) * percent / 100:.4f}"
