"""pawaPay v2 payouts as a server: initiate, check, wallet balances.

Country and currency are those of the operator that `provider` names (MTN_MOMO_RWA).

The answer is ACCEPTED, REJECTED or DUPLICATE_IGNORED at once. ENQUEUED and SUBMITTED are states on
the way, and COMPLETED or FAILED the last. The final state is posted to the callback URL of the
dashboard. Numbers that end in 039 and up fail as in pawaPay's sandbox.
"""

import re
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.countries import minor_per_major, pays_in, region_named, region_of
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
from gateway.simulator.operators.operator import Operator, json, minor_of, object_of, part
from gateway.simulator.wire import after_acting, before_acting

MAGIC: Final = {
    "039": "RECIPIENT_NOT_FOUND",
    "049": "WALLET_LIMIT_REACHED",
    "059": "UNSPECIFIED_FAILURE",
    "069": "MANUALLY_CANCELLED",
    "079": "PAWAPAY_WALLET_OUT_OF_FUNDS",
}
FEE_MINOR: Final = 20
LIMITS: Final = (100, 2_000_000)
WALLETS: Final = (
    ("RWA", "RWF"),
    ("KEN", "KES"),
    ("ZMB", "ZMW"),
    ("MWI", "MWK"),
    ("COD", "CDF"),
    ("SEN", "XOF"),
)
_AMOUNT: Final = re.compile(r"[1-9]\d{0,17}(\.\d{1,2})?|0\.\d{1,2}")
_UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class PawapayBooks(OperatorBooks):
    provider = "pawapay"
    currency = "RWF"

    def fee_minor(self, amount_minor: int) -> int:
        return FEE_MINOR

    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        if magic and payment.msisdn[-3:] in MAGIC:
            return MAGIC[payment.msisdn[-3:]]
        return "PAWAPAY_WALLET_OUT_OF_FUNDS" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return f"{14_000_000_000 + number * 31}"


class PawapayOperator(Operator):
    def routes(self) -> list[Route]:
        return [
            Route("/v2/payouts", self._initiate, methods=["POST"]),
            Route("/v2/payouts/{key}", self._check, methods=["GET"]),
            Route("/v2/wallet-balances", self._balance, methods=["GET"]),
        ]

    def told(self, payment: PaymentRequest) -> bytes:
        return orjson.dumps(_data(payment))

    def forged(self, true: bytes) -> bytes:
        lie = {**object_of(true), "status": "COMPLETED", "providerTransactionId": "666"}
        lie.pop("failureReason", None)
        return orjson.dumps(lie)

    async def _initiate(self, request: Request) -> Response:
        raw = await request.body()
        body = object_of(raw)
        key = str(body.get("payoutId", ""))
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if refused := _door(request):
            return refused
        details = part(part(body, "recipient"), "accountDetails")
        per = minor_per_major(str(body.get("currency")))
        amount = minor_of(body.get("amount"), per)
        fault = _fault(key, body, details, amount)
        if fault or amount is None:
            self.books.note_call("b2c", key, fault, faults)
            reason = {"failureCode": fault, "failureMessage": fault.replace("_", " ").lower()}
            return json({"payoutId": key, "status": "REJECTED", "failureReason": reason})
        payment = self.books.accept(key, str(details["phoneNumber"]), amount, raw, faults)
        if payment is None:
            self.books.note_call("b2c", key, "duplicate", faults)
            return json({"payoutId": key, "status": "DUPLICATE_IGNORED"})
        self.books.note_call("b2c", key, "accepted", faults)
        await self.begin(key, faults)
        told = {"payoutId": key, "status": "ACCEPTED", "created": "2026-11-21T08:00:00Z"}
        return after_acting(faults, lambda: json(told))

    async def _check(self, request: Request) -> Response:
        key = request.path_params["key"]
        faults = self.plan.draw("status", key)
        if early := await before_acting(self.plan, faults):
            return early
        if refused := _door(request):
            return refused
        found = self.seen(key, faults)
        self.books.note_call("status", key, found.state if found else "not found", faults)
        if found is None:
            return json({"status": "NOT_FOUND"})
        return after_acting(faults, lambda: json({"status": "FOUND", "data": _data(found)}))

    async def _balance(self, request: Request) -> Response:
        if refused := _door(request):
            return refused
        left = self.books.funds().utility_minor
        told = [
            {
                "country": country,
                "currency": currency,
                "balance": str(left / minor_per_major(currency)).removesuffix(".0"),
            }
            for country, currency in WALLETS
        ]
        return json({"balances": told})


def _door(request: Request) -> Response | None:
    if request.headers.get("authorization", "").startswith("Bearer "):
        return None
    reason = {"failureCode": "AUTHENTICATION_ERROR", "failureMessage": "no valid API token"}
    return json({"failureReason": reason}, 401)


def _fault(
    key: str, body: dict[str, object], details: dict[str, object], amount: int | None
) -> str:
    note = body.get("customerMessage")
    provider, currency = str(details.get("provider", "")), str(body.get("currency", ""))
    mmo = part(body, "recipient").get("type") == "MMO" and region_named(provider[-3:])
    region = region_named(provider[-3:])
    checks = {
        "INVALID_INPUT": _UUID4.fullmatch(key),
        "INVALID_AMOUNT": amount is not None and _AMOUNT.fullmatch(str(body.get("amount"))),
        "AMOUNT_OUT_OF_BOUNDS": LIMITS[0] <= (amount or 0) <= LIMITS[1],
        "INVALID_PROVIDER": mmo,
        "INVALID_CURRENCY": region and pays_in(region, currency),
        "INVALID_PARAMETER": note is None or 4 <= len(str(note)) <= 22,  # noqa: PLR2004  as documented
        "INVALID_PHONE_NUMBER": region_of(str(details.get("phoneNumber", ""))) == region,
    }
    return next((code for code, good in checks.items() if not good), "")


def _data(payment: PaymentRequest) -> dict[str, object]:
    body = object_of(payment.body)
    account = part(part(body, "recipient"), "accountDetails")
    told: dict[str, object] = {
        "payoutId": payment.key,
        "amount": body.get("amount", ""),
        "currency": body.get("currency", ""),
        "country": str(account.get("provider", ""))[-3:],
        "recipient": body.get("recipient", {}),
        "status": {"paid": "COMPLETED", "refused": "FAILED"}.get(payment.state, "SUBMITTED"),
    }
    if payment.state == "paid":
        told["providerTransactionId"] = payment.transaction
    elif payment.state == "refused":
        told["failureReason"] = {"failureCode": payment.code, "failureMessage": "not paid"}
    return told
