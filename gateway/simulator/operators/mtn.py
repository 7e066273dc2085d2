"""MTN MoMo Disbursements as a server: token, transfer, status, balance, account holder.

The currency is that of the target environment, also for the float.

The answer to a transfer is 202 without a body. A repeated X-Reference-Id is answered with 409,
whatever the outcome of the first. The callback goes once to the X-Callback-Url of the request and
does not name the reference. The sandbox's numbers (467331234..) fail as documented. So do numbers
that end in the same three digits after 99, for callers that cannot dial Sweden.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.countries import MTN, minor_per_major, region_of
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
from gateway.simulator.operators.operator import (
    BODY_MAX_BYTES,
    Operator,
    basic_of,
    json,
    minor_of,
    object_of,
    part,
)
from gateway.simulator.wire import after_acting, before_acting

# The (status, reason) for the last digits of the sandbox's numbers.
MAGIC: Final = {
    "450": ("FAILED", "INTERNAL_PROCESSING_ERROR"),
    "451": ("FAILED", "NOT_ALLOWED"),
    "452": ("FAILED", "EXPIRED"),
    "453": ("PENDING", "ONGOING"),
    "454": ("PENDING", "DELAYED"),
    "455": ("FAILED", "NOT_ENOUGH_FUNDS"),
    "456": ("FAILED", "PAYER_LIMIT_REACHED"),
    "457": ("FAILED", "PAYEE_NOT_FOUND"),
    "458": ("FAILED", "PAYEE_NOT_ALLOWED_TO_RECEIVE"),
    "459": ("FAILED", "NOT_ALLOWED_TARGET_ENVIRONMENT"),
    "460": ("FAILED", "INVALID_CALLBACK_URL_HOST"),
    "461": ("FAILED", "INVALID_CURRENCY"),
    "462": ("FAILED", "INTERNAL_PROCESSING_ERROR"),
    "463": ("FAILED", "SERVICE_UNAVAILABLE"),
    "464": ("FAILED", "COULD_NOT_PERFORM_TRANSACTION"),
}
FEE_MINOR: Final = 100
MAXIMUM_MINOR: Final = 5_000_000
_UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def magic_of(msisdn: str) -> tuple[str, str] | None:
    """Return the status and reason of a magic number, or None for every other number.

    >>> magic_of("46733123457"), magic_of("256772099455"), magic_of("256772123456")
    (('FAILED', 'PAYEE_NOT_FOUND'), ('FAILED', 'NOT_ENOUGH_FUNDS'), None)
    """
    sandbox = msisdn.startswith("46733123") or msisdn[-5:-3] == "99"
    return MAGIC.get(msisdn[-3:]) if sandbox else None


class MtnBooks(OperatorBooks):
    provider = "mtn"
    currency = "UGX"

    def fee_minor(self, amount_minor: int) -> int:
        return FEE_MINOR

    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        if magic and (found := magic_of(payment.msisdn)) and found[0] == "FAILED":
            return found[1]
        if payment.amount_minor > MAXIMUM_MINOR:
            return "PAYEE_NOT_ALLOWED_TO_RECEIVE"
        return "NOT_ENOUGH_FUNDS" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return str(1_000_000_007 + number * 17)


class MtnOperator(Operator):
    names: Mapping[str, str] = MappingProxyType({})
    """Names of account holders, by number."""

    def routes(self) -> list[Route]:
        base = "/disbursement"
        return [
            Route(f"{base}/token/", self._token, methods=["POST"]),
            Route(f"{base}/v1_0/transfer", self._transfer, methods=["POST"]),
            Route(f"{base}/v1_0/transfer/{{key}}", self._status, methods=["GET"]),
            Route(f"{base}/v1_0/account/balance", self._balance, methods=["GET"]),
            Route(f"{base}/v1_0/account/balance/{{currency}}", self._balance, methods=["GET"]),
            Route(
                f"{base}/v1_0/accountholder/msisdn/{{msisdn}}/basicuserinfo",
                self._holder,
                methods=["GET"],
            ),
            Route(
                f"{base}/v1_0/accountholder/msisdn/{{msisdn}}/active",
                self._active,
                methods=["GET"],
            ),
        ]

    def told(self, payment: PaymentRequest) -> bytes:
        return orjson.dumps(_status(payment))

    def forged(self, true: bytes) -> bytes:
        lie = {**object_of(true), "status": "SUCCESSFUL", "financialTransactionId": "666000666"}
        lie.pop("reason", None)
        return orjson.dumps(lie)

    async def _token(self, request: Request) -> Response:
        faults = self.plan.draw("token", "mtn")
        if early := await before_acting(self.plan, faults):
            return early
        user, _, key = basic_of(request.headers.get("authorization", "")).partition(":")
        if not user or not key or not request.headers.get("ocp-apim-subscription-key"):
            return json({"error": "invalid_client"}, 401)
        token = self.new_token(user)
        if "token_invalidated" in faults:
            self.invalidate_tokens()
        told = {"access_token": token, "token_type": "access_token", "expires_in": 3600}
        return after_acting(faults, lambda: json(told))

    async def _transfer(self, request: Request) -> Response:
        raw = await request.body()
        key = request.headers.get("x-reference-id", "")
        faults = self.plan.draw("b2c", key)
        if early := await before_acting(self.plan, faults):
            self.books.note_call("b2c", key, "lost on the way", faults)
            return early
        if refused := self._door(request):
            return refused
        body = object_of(raw)
        payee = part(body, "payee")
        own = _currency(request)
        amount = minor_of(body.get("amount"), minor_per_major(own))
        fault = _fault(key, raw, body, payee, own)
        if fault or amount is None:
            self.books.note_call("b2c", key, fault, faults)
            return json({"code": fault, "message": fault}, 400)
        payment = self.books.accept(
            key,
            str(payee["partyId"]),
            amount,
            raw,
            faults,
            result_url=request.headers.get("x-callback-url", ""),
        )
        if payment is None:
            self.books.note_call("b2c", key, "duplicate", faults)
            text = "Duplicated reference id. Creation of resource failed."
            return json({"code": "RESOURCE_ALREADY_EXIST", "message": text}, 409)
        self.books.note_call("b2c", key, "accepted", faults)
        await self.begin(key, faults)
        return after_acting(faults, lambda: Response(status_code=202))

    async def _status(self, request: Request) -> Response:
        key = request.path_params["key"]
        faults = self.plan.draw("status", key)
        if early := await before_acting(self.plan, faults):
            return early
        if refused := self._door(request):
            return refused
        found = self.seen(key, faults)
        self.books.note_call("status", key, found.state if found else "not found", faults)
        if found is None:
            text = "Requested resource was not found."
            return json({"code": "RESOURCE_NOT_FOUND", "message": text}, 404)
        return after_acting(faults, lambda: json(_status(found)))

    async def _balance(self, request: Request) -> Response:
        if refused := self._door(request):
            return refused
        own = _currency(request)
        if request.path_params.get("currency", own) != own:
            return json({"code": "INVALID_CURRENCY", "message": "Currency not supported."}, 400)
        per = minor_per_major(own)
        left = self.books.funds().utility_minor
        told = f"{left / per:.{len(str(per)) - 1}f}"
        return json({"availableBalance": told, "currency": own})

    async def _active(self, request: Request) -> Response:
        if refused := self._door(request):
            return refused
        unknown = (magic_of(request.path_params["msisdn"]) or ("", ""))[1] == "PAYEE_NOT_FOUND"
        return json({"result": not unknown})

    async def _holder(self, request: Request) -> Response:
        """Return the account holder of a number: Sam Doe unless `names` gives another name."""
        if refused := self._door(request):
            return refused
        given, _, family = self.names.get(request.path_params["msisdn"], "Sam Doe").partition(" ")
        return json(
            {"sub": "0", "name": f"{given} {family}", "given_name": given, "family_name": family}
        )

    def _door(self, request: Request) -> Response | None:
        if not request.headers.get("ocp-apim-subscription-key"):
            text = "Access denied due to missing subscription key."
            return json({"statusCode": 401, "message": text}, 401)
        if "python-requests" in request.headers.get("user-agent", ""):
            return Response("<html>Request blocked</html>", 403, media_type="text/html")
        if not self.knows(request.headers.get("authorization", "")):
            return json({"error": "invalid_token"}, 401)
        if not _currency(request):
            return json({"code": "NOT_ALLOWED_TARGET_ENVIRONMENT", "message": ""}, 400)
        return None


def _currency(request: Request) -> str:
    return MTN.get(request.headers.get("x-target-environment", ""), "")


def _fault(
    key: str, raw: bytes, body: dict[str, object], payee: dict[str, object], currency: str
) -> str:
    """Return the code of the first fault in a transfer, or "" when there is none."""
    if not _UUID4.fullmatch(key):
        return "INVALID_REFERENCE_ID"
    if len(raw) > BODY_MAX_BYTES or not body:
        return "INVALID_PAYLOAD"
    if minor_of(body.get("amount"), 1) is None or not isinstance(body.get("amount"), str):
        return "INVALID_AMOUNT"
    if body.get("currency") != currency:
        return "INVALID_CURRENCY"
    number = str(payee.get("partyId", ""))
    if payee.get("partyIdType") != "MSISDN" or not region_of(number):
        return "INVALID_PAYEE"
    return ""


def _status(payment: PaymentRequest) -> dict[str, object]:
    """Return a status body. It holds the caller's external id but not the reference."""
    body = object_of(payment.body)
    told: dict[str, object] = {
        "amount": body.get("amount", ""),
        "currency": body.get("currency", ""),
        "externalId": body.get("externalId", ""),
        "payee": body.get("payee", {}),
        "payerMessage": body.get("payerMessage", ""),
        "payeeNote": body.get("payeeNote", ""),
    }
    match payment.state:
        case "paid" if (magic_of(payment.msisdn) or ("",))[0] == "PENDING":
            # The sandbox's slow numbers are paid but stay pending in the answer.
            told["status"] = "PENDING"
        case "paid":
            told |= {"status": "SUCCESSFUL", "financialTransactionId": payment.transaction}
        case "refused":
            told |= {"status": "FAILED", "reason": payment.code}
        case _:
            told["status"] = "PENDING"
    return told
