"""Airtel Money disbursements as a server.

It serves the token, disbursement, enquiry, balance, subscriber and encryption-key calls. The
headers X-Country and X-Currency name the country, and numbers are written as within that country.
Airtel serves version 1 of its paths beside version 2, and so does this server. A transaction id
that is a UUID has dashes or none, because Airtel's page says neither.

Answers are 200 even for refusals: the code is in `status.response_code`. Tokens live three minutes.
The callback goes to the URL of the portal, signed with base64 HMAC-SHA256 of the transaction's
compact JSON under the client's secret. Numbers that end in 9 and three digits of a code (9003 for
DP00900001003) fail with that code.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.countries import AIRTEL, is_national, minor_per_major, pays_in
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
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
WALLETS: Final = ("DISB", "COLL", "CASHIN", "CASHOUT")
SECRET: Final = "secret"  # noqa: S105  # of every client of this simulator, as in its documentation


class AirtelBooks(OperatorBooks):
    provider = "airtel"
    currency = "KES"

    def fee_minor(self, amount_minor: int) -> int:
        return FEE_MINOR

    def refusal(self, payment: PaymentRequest, *, magic: bool) -> str:
        if magic and payment.msisdn[-4] == "9" and payment.msisdn[-3:] in FAILING:
            return payment.msisdn[-3:]
        return "007" if self.short_of(payment) else ""

    def receipt(self, number: int) -> str:
        return f"MP{number * 7_919 % 10**10:010}"


class AirtelOperator(Operator):
    token_life_s = 180.0
    names: Mapping[str, str] = MappingProxyType({})
    """Names of subscribers, by their number within the country."""

    def routes(self) -> list[Route]:
        return [
            Route("/auth/oauth2/token", self._token, methods=["POST"]),
            *(
                route
                for version in ("v1", "v2")
                for route in (
                    Route(f"/standard/{version}/disbursements/", self._disburse, methods=["POST"]),
                    Route(
                        f"/standard/{version}/disbursements/{{key}}", self._enquiry, methods=["GET"]
                    ),
                    Route(f"/standard/{version}/users/balance", self._balance, methods=["GET"]),
                )
            ),
            Route("/standard/v1/users/{msisdn}", self._subscriber, methods=["GET"]),
            Route("/v1/rsa/encryption-keys", self._key, methods=["GET"]),
        ]

    def told(self, payment: PaymentRequest) -> bytes:
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
        country, currency = _place(request)
        amount = minor_of(transaction.get("amount"), minor_per_major(currency))
        fault = _fault(key, body, payee, amount, country)
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
        wallet = request.query_params.get("type", "COLL")
        if wallet not in WALLETS:
            return json({"status": {"code": "400", "message": "type is not valid"}}, 400)
        _, currency = _place(request)
        # Payouts leave from one wallet. Collected money is in another, which is empty here.
        left = self.books.funds().utility_minor if wallet == "DISB" else 0
        told = {
            "balance": f"{left / minor_per_major(currency):.2f}",
            "currency": currency,
            "account_status": "Active",
        }
        return json({"data": told, "status": {"code": "200", "success": True}})

    async def _subscriber(self, request: Request) -> Response:
        """Return the subscriber of a number, named Sam Doe unless `names` gives another name."""
        if refused := self._door(request):
            return refused
        msisdn = request.path_params["msisdn"]
        if not is_national(msisdn, _place(request)[0]):
            return _said("012", None)
        first, _, last = self.names.get(msisdn, "Sam Doe").partition(" ")
        told = {"first_name": first, "last_name": last, "msisdn": msisdn, "grade": "SUBS", "is_barred": False,
                "is_pin_set": True, "registration": {"id": "", "status": "SUBS"}}  # fmt: skip
        return json(
            {"data": told, "status": {"code": "200", "message": "SUCCESS", "success": True}}
        )

    async def _key(self, request: Request) -> Response:
        """Return the public key under which a PIN travels."""
        if refused := self._door(request):
            return refused
        told = {"key_id": 1, "key": public_key(), "valid_upto": "2030-01-01"}
        return json({"data": told, "status": {"code": "200", "success": True}})

    def _door(self, request: Request) -> Response | None:
        if not self.knows(request.headers.get("authorization", "")):
            return json({"error": "invalid_token", "error_description": "expired"}, 401)
        country, currency = _place(request)
        if country not in AIRTEL or not pays_in(country, currency):
            said = "X-Country and X-Currency are not a country of Airtel and its currency"
            return json({"status": {"code": "400", "message": said}}, 400)
        return None


@cache
def public_key() -> str:
    """Return the key under which this operator's clients seal their PIN."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    der = made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _place(request: Request) -> tuple[str, str]:
    return request.headers.get("x-country", ""), request.headers.get("x-currency", "")


def _fault(
    key: str, body: dict[str, object], payee: dict[str, object], amount: int | None, country: str
) -> str:
    if amount is None:
        return "004"
    if not is_national(str(payee.get("msisdn", "")), country):
        return "012"
    good = re.fullmatch(r"[\w-]{5,80}", key) and re.fullmatch(
        r"[A-Za-z0-9 ]{4,64}", str(body.get("reference", ""))
    )
    return "" if good and body.get("pin") else "013"


def _transaction(payment: PaymentRequest) -> dict[str, object]:
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


def _said(code: str, payment: PaymentRequest | None) -> Response:
    """Return a code and a payment in Airtel's envelope, with status 200 for any code."""
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
