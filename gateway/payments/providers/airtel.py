"""The provider Airtel Money (Kenya, Uganda, Tanzania, Zambia, Malawi, ...): disbursements v2.

The payout's key is the transaction's id, and the gateway asks by it. The id may have letters and
digits only, so the UUID goes without its dashes. An answer is HTTP 200 also where it refuses:
`status.response_code` tells. 1000 and 1014 may have been processed and are never final. 1011 says
"similar", which may mean another payment of the same amount, so the gateway asks. Tokens live three
minutes. The callback goes to the URL of the portal. Its hash, where it has one, is HMAC-SHA256 of
the transaction under the client's secret.

Sources: airtelmoney-py's table of codes and 121-platform's adapter (v2 unsigned, RSA PIN).
"""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import SecretStr

from gateway.base.errors import SettingsError
from gateway.base.money import minor_per_major
from gateway.base.msisdn import is_region, national_number
from gateway.base.net.outbound import TEXT_MAX, TOKEN_S, HttpReply, LostCall, call
from gateway.base.tabular import Source
from gateway.payments.account import AmountOptions, read
from gateway.payments.bearer import Bearer
from gateway.payments.limits import AmountLimits
from gateway.payments.port import (
    Order,
    PaymentStatus,
    Status,
    SubmitAnswer,
    SubmitOutcome,
    TokenStore,
)
from gateway.payments.reconciliation.reconcile import StatementLine
from gateway.payments.reconciliation.statement_csv import Columns, lines
from gateway.payments.wire import as_evidence, as_minor, as_object, as_text, json_object

TABLE = "airtel 2026-11-21"
"""The version of the tables below. Raise it with every change, because old decisions are explained
by it.
"""

_CODE = "DP00900001{}"
TAKEN = frozenset(_CODE.format(c) for c in ("001", "006"))
DUPLICATES = frozenset(_CODE.format(c) for c in ("011", "017"))
WORKERS = frozenset(_CODE.format(c) for c in ("003", "004", "009", "010", "012", "013"))
OURS = frozenset(_CODE.format(c) for c in ("007", "016"))
UNKNOWN_ID = _CODE.format("015")
_TOLD = {
    "TS": PaymentStatus.PAID,
    "TF": PaymentStatus.FAILED,
    "TIP": PaymentStatus.PENDING,
    "TI": PaymentStatus.PENDING,
    "TA": PaymentStatus.PENDING,  # This is ambiguous and never final.
}


class AirtelOptions(AmountOptions):
    """The options of the provider in the settings.

    `public_key` is the portal's RSA key in base64, under which `pin` is encrypted.
    `statement_columns` names the columns of the portal's export, which is not documented and
    differs by country.
    """

    base_url: str
    client_id: str
    client_secret: SecretStr
    country: str
    public_key: str
    pin: SecretStr
    note: str = "Payout"
    statement_columns: Columns | None = None


_EXAMPLE_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDSvFhcIzzsbgJucxlw1CioYMF+AP9La0FfDzWOOVvr"
    "KepqKnxxQEzKug9RG1Z+nP6WIG69cZ8HJGNFjvtqKhstQTy1nrQ+gy84JX6+ubIb5fteN+VlSqRobcMX"
    "4DbkYXEnCUqEMThGTJmwrkJISO3kGrKHdJEkraUyfQ4B3ewivwIDAQAB"
)
EXAMPLE: Mapping[str, object] = {
    "base_url": "http://127.0.0.1:1",
    "client_id": "acme",
    "client_secret": "k-secret",
    "country": "KE",
    "currency": "KES",
    "public_key": _EXAMPLE_KEY,
    "pin": "k-secret",
    "minimum": 10,
    "maximum": 1000,
}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> "Airtel":
    """Make the provider `name` of the settings.

    Raises SettingsError with the name of a missing, unknown or invalid option.
    """
    told = read(AirtelOptions, name, options)
    if not re.fullmatch(r"[A-Za-z0-9 ]{4,64}", told.note):
        raise SettingsError(
            f"payout provider {name!r}: note must have 4 to 64 plain letters, digits and spaces"
        )
    if not is_region(told.country):
        raise SettingsError(
            f"payout provider {name!r}: country: {told.country!r} is not an ISO 3166 country code such as KE"
        )
    return Airtel(name, told, tokens, told.limits(name), _sealed(name, told))


def _sealed(name: str, told: AirtelOptions) -> str:
    """Return the PIN encrypted under Airtel's public key: RSA with PKCS#1 v1.5 padding, base64."""
    try:
        key = load_der_public_key(base64.b64decode(told.public_key, validate=True))
    except (ValueError, UnsupportedAlgorithm) as bad:
        raise SettingsError(f"payout provider {name!r}: public_key: {bad}") from bad
    if not isinstance(key, rsa.RSAPublicKey):
        raise SettingsError(f"payout provider {name!r}: public_key: not an RSA key")
    pin = told.pin.get_secret_value().encode()
    return base64.b64encode(key.encrypt(pin, padding.PKCS1v15())).decode()


def disbursement(order: Order, national: str, pin: str, note: str) -> dict[str, object]:
    """Return the body of a disbursement, as in Airtel's reference.

    `national`: the payee's number in the country.
    """
    return {
        "payee": {"msisdn": national, "currency": order.currency},
        "reference": note,
        "pin": pin,
        "transaction": {
            "amount": order.amount_minor // minor_per_major(order.currency),
            "id": plain(order.key),
            "type": "B2C",
        },
    }


def plain(key: str) -> str:
    """Return a payout's UUID as Airtel's id.

    >>> plain("7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11")
    '7f9c2ba4e88f427da23c0c5a1b1e7a11'
    """
    return key.replace("-", "")


def as_key(told: str) -> str | None:
    """Return Airtel's id as a UUID, or None when it is not one."""
    try:
        return str(uuid.UUID(told))
    except ValueError:
        return None


class Airtel:
    """An account at Airtel Money, which fulfils `PayoutProvider`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    float_is_shared: bool

    def __init__(
        self, name: str, options: AirtelOptions, tokens: TokenStore, limits: AmountLimits, pin: str
    ) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = limits.minimum_minor, limits.maximum_minor
        self.dedups = True  # The answer is 1017 for an id that Airtel has seen.
        self.float_is_shared = False
        self._options, self._limits, self._pin = options, limits, pin
        self._base = options.base_url.rstrip("/")
        self._url = f"{self._base}/standard/v2/disbursements/"
        self._headers = {"X-Country": options.country, "X-Currency": options.currency}
        user = hashlib.sha256(f"{self._base} {options.client_id}".encode()).hexdigest()[:16]
        self._bearer = Bearer(tokens, f"airtel:{user}", self._fetch_token, _token_refused)

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        national = national_number(order.msisdn, self._options.country)
        wrong = self._limits.wrong(order)
        if wrong or national is None:
            text = wrong or f"not a number of {self._options.country}"
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=text, table=TABLE)
        body = orjson.dumps(disbursement(order, national, self._pin, self._options.note))
        headers = {**self._headers, "Content-Type": "application/json"}
        reply = await self._bearer.call(http, "POST", self._url, headers=headers, body=body)
        answer = reply if isinstance(reply, SubmitAnswer) else _judged(reply)
        return as_evidence(answer, body, TABLE)

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        url = f"{self._url}{plain(order.key)}?transactionType=B2C"
        reply = await self._bearer.call(http, "GET", url, headers=self._headers)
        match reply:
            case SubmitAnswer():
                return _nothing(reply.code, reply.text, pause=reply.pause_provider)
            case LostCall():
                return _nothing("no answer", reply.text)
            case HttpReply():
                return _told(reply, order)

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        told = json_object(body)
        transaction = as_object(told.get("transaction"))
        found = _TOLD.get(as_text(transaction.get("status_code")))
        key = as_key(as_text(transaction.get("id")))
        hashed = as_text(told.get("hash"))
        if found is None or key is None or (hashed and not self._signed(transaction, hashed)):
            return _nothing("", body[:TEXT_MAX].decode("utf-8", "replace"))
        receipt = as_text(transaction.get("airtel_money_id")) or None
        words = as_text(transaction.get("message"))
        return Status(found, key, receipt=receipt, text=words, table=TABLE)

    @property
    def statement_currency(self) -> str:
        return self._options.currency

    def read_statement(self, source: Source) -> list[StatementLine]:
        return lines(source, self._options.statement_columns, self._options.currency)

    async def name_of(self, http: aiohttp.ClientSession, msisdn: str) -> str | None:
        national = national_number(msisdn, self._options.country)
        if national is None:
            return None
        url = f"{self._base}/standard/v1/users/{national}"
        reply = await self._bearer.call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        told = as_object(json_object(reply.body).get("data"))
        words = (as_text(told.get(part)) for part in ("first_name", "last_name"))
        return " ".join(filter(None, words)) or None

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        # Money that was collected is in another wallet.
        url = f"{self._base}/standard/v2/users/balance?type=DISB"
        reply = await self._bearer.call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        told = as_object(json_object(reply.body).get("data"))
        if as_text(told.get("currency")) != self._options.currency:
            return None
        return as_minor(told.get("balance"), self._options.currency)

    def _signed(self, transaction: Mapping[str, object], hashed: str) -> bool:
        secret = self._options.client_secret.get_secret_value().encode()
        digest = hmac.new(secret, orjson.dumps(transaction), hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest).decode(), hashed)

    async def _fetch_token(self, http: aiohttp.ClientSession) -> HttpReply | LostCall:
        body = orjson.dumps(
            {
                "client_id": self._options.client_id,
                "client_secret": self._options.client_secret.get_secret_value(),
                "grant_type": "client_credentials",
            }
        )
        headers = {"Content-Type": "application/json"}
        url = f"{self._base}/auth/oauth2/token"
        return await call(http, "POST", url, headers=headers, body=body, total_s=TOKEN_S)


def _token_refused(reply: HttpReply) -> bool:
    return reply.status == HTTPStatus.UNAUTHORIZED


def _code_of(told: Mapping[str, object]) -> str:
    return as_text(as_object(told.get("status")).get("response_code"))


def _judged(reply: HttpReply | LostCall) -> SubmitAnswer:
    """Return the outcome of an HTTP answer to a disbursement.

    Every answer that is not known is AMBIGUOUS.
    """
    if isinstance(reply, LostCall):
        outcome = SubmitOutcome.AMBIGUOUS if reply.maybe_taken else SubmitOutcome.NOT_SENT
        return SubmitAnswer(outcome, code="no answer", text=reply.text)
    code = _code_of(json_object(reply.body))
    outcome, pause = SubmitOutcome.AMBIGUOUS, False
    if code in TAKEN:
        outcome = SubmitOutcome.ACCEPTED
    elif code in DUPLICATES:
        outcome = SubmitOutcome.DUPLICATE
    elif code in WORKERS:
        outcome = SubmitOutcome.REJECTED
    elif code in OURS:
        outcome, pause = SubmitOutcome.REJECTED, True
    elif reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        outcome = SubmitOutcome.NOT_SENT
    elif reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        outcome, pause = SubmitOutcome.NOT_SENT, True
    return SubmitAnswer(outcome, code or f"HTTP {reply.status}", reply.text, "", pause)


def _told(reply: HttpReply, order: Order) -> Status:
    """Return the status in the answer to an enquiry.

    The enquiry used the payout's own id, so amount and number are this payout's.
    """
    told = json_object(reply.body)
    code = _code_of(told) or f"HTTP {reply.status}"
    transaction = as_object(as_object(told.get("data")).get("transaction"))
    found = _TOLD.get(as_text(transaction.get("status")))
    if reply.status != HTTPStatus.OK or (found is None and code != UNKNOWN_ID):
        pause = reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        return _nothing(code, reply.text, pause=pause)
    if found is None:
        return Status(PaymentStatus.NOT_FOUND, code=code, text=reply.text, table=TABLE)
    if as_key(as_text(transaction.get("id"))) not in (None, order.key):
        return _nothing(code, "an answer about another transaction")
    return Status(
        found,
        order.key,
        receipt=as_text(transaction.get("airtel_money_id")) or None,
        amount_minor=order.amount_minor if found is PaymentStatus.PAID else None,
        code=code if found is PaymentStatus.FAILED else "",
        text=as_text(transaction.get("message")),
        pause_provider=found is PaymentStatus.FAILED and code in OURS,
        table=TABLE,
        generic=found is PaymentStatus.FAILED and code not in WORKERS | OURS,
    )


def _nothing(code: str, text: str, *, pause: bool = False) -> Status:
    return Status(PaymentStatus.NO_ANSWER, code=code, text=text, pause_provider=pause, table=TABLE)
