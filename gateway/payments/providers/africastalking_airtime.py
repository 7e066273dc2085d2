"""The provider that pays small balances as airtime through Africa's Talking.

Each call has one recipient and the gateway's own Idempotency-Key. "Sent" is not final. The gateway
asks about the transaction by Africa's Talking's own id (`requestId`, kept from its answer) at
`/query/transaction/find`, as the Node SDK's `findTransactionStatus` does. Where the answer to the
send was lost, there is no id to ask by. Then the status callback names number and amount, and else
an operator of the gateway looks at the statement. Nothing is sent a second time. Before sending,
Africa's Talking can ask the gateway's validation URL, as a second lock against a stolen API key.

The Python SDK (2.0.3) keeps an idempotency key in a header that all later calls share, so it must
not send money.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

import aiohttp
import orjson
from pydantic import SecretStr

from gateway.base.money import minor_per_major
from gateway.base.net.outbound import TEXT_MAX, HttpReply, LostCall, call
from gateway.base.tabular import Source
from gateway.payments.account import AmountOptions, read
from gateway.payments.limits import AmountLimits
from gateway.payments.port import (
    Order,
    PaymentStatus,
    Status,
    SubmitAnswer,
    SubmitOutcome,
    TokenStore,
    Validation,
)
from gateway.payments.reconciliation.reconcile import StatementLine
from gateway.payments.reconciliation.statement_csv import Columns, lines
from gateway.payments.wire import as_evidence, as_list, as_minor, as_object, as_text, json_object

TABLE = "africastalking_airtime 2026-11-21"
"""The version of the tables below. Raise it with every change, because old decisions are explained
by it.
"""

_HOSTS = {True: "https://api.sandbox.africastalking.com", False: "https://api.africastalking.com"}
_TOLD = {"Success": PaymentStatus.PAID, "Failed": PaymentStatus.FAILED, "Sent": PaymentStatus.PENDING, "Queued": PaymentStatus.PENDING}  # fmt: skip
_VALUE = re.compile(r"([A-Z]{3}) ([\d.]{1,20})")
_FLOAT = re.compile(r"insufficient (balance|credit|funds)", re.IGNORECASE)
_WORKERS = re.compile(r"phone ?number|outside the allowed limits", re.IGNORECASE)


class AirtimeOptions(AmountOptions):
    """The options of the provider in the settings.

    `base_url` is only for a simulator. `statement_columns` names the columns of the dashboard's
    export of airtime, which is not documented.
    """

    username: str
    api_key: SecretStr
    base_url: str = ""
    statement_columns: Columns | None = None


EXAMPLE: Mapping[str, object] = {
    "username": "acme",
    "api_key": "k-secret",
    "currency": "KES",
    "minimum": 10,
    "maximum": 1000,
    "base_url": "http://127.0.0.1:1",
}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> "Airtime":
    """Make the provider `name` of the settings.

    It needs no token, because every call carries the API key.
    """
    told = read(AirtimeOptions, name, options)
    return Airtime(name, told, told.limits(name))


def send_form(username: str, order: Order) -> dict[str, str]:
    """Return the form of a send, as the official SDK posts it."""
    major = order.amount_minor // minor_per_major(order.currency)
    recipient = {"phoneNumber": order.msisdn, "amount": f"{order.currency} {major}"}
    return {"username": username, "recipients": orjson.dumps([recipient]).decode()}


class Airtime:
    """An account for airtime at Africa's Talking.

    It fulfils `PayoutProvider`, `Validates` and `TellsFloat`.
    """

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    float_is_shared: bool
    statement_currency: str

    def __init__(self, name: str, options: AirtimeOptions, limits: AmountLimits) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = limits.minimum_minor, limits.maximum_minor
        # No document says how long a key is remembered. So an operator of the gateway looks at the
        # statement before anything is sent again.
        self.dedups = False
        self.float_is_shared = True  # SMS of the same account are paid from it too.
        self._limits, self._username = limits, options.username
        self._columns, self.statement_currency = options.statement_columns, options.currency
        base = options.base_url or _HOSTS[options.username == "sandbox"]
        self._base = base.rstrip("/")
        self._api_key = options.api_key

    @property
    def _headers(self) -> dict[str, str]:
        return {"apiKey": self._api_key.get_secret_value()}

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        wrong = self._limits.wrong(order)
        if wrong:
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=wrong, table=TABLE)
        body = urlencode(send_form(self._username, order)).encode()
        headers = {
            **self._headers,
            "Idempotency-Key": order.key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = f"{self._base}/version1/airtime/send"
        reply = await call(http, "POST", url, headers=headers, body=body)
        answer = _judged(reply)
        return as_evidence(answer, body, TABLE)

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        if not order.reference:
            return _nothing("no reference", "the answer that named it was lost")
        query = f"username={quote(self._username)}&transactionId={quote(order.reference)}"
        url = f"{self._base}/query/transaction/find?{query}"
        reply = await call(http, "GET", url, headers=self._headers)
        if isinstance(reply, LostCall):
            return _nothing("no answer", reply.text)
        told = json_object(reply.body)
        data = as_object(told.get("data"))
        found = _TOLD.get(as_text(data.get("status")))
        ours = as_text(data.get("transactionId")) in ("", order.reference)
        if reply.status != HTTPStatus.OK or found is None or not ours:
            pause = reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            return _nothing(as_text(told.get("errorMessage")), reply.text, pause=pause)
        return _status(found, data, data.get("destination"), self._limits.currency, order.key)

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        """Return the balance of Africa's Talking's "application data".

        It is one wallet for all that the account does.
        """
        url = f"{self._base}/version1/user?username={quote(self._username)}"
        reply = await call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        told = as_text(as_object(json_object(reply.body).get("UserData")).get("balance"))
        currency, _, amount = told.partition(" ")
        return as_minor(amount, currency) if currency == self._limits.currency else None

    def read_statement(self, source: Source) -> list[StatementLine]:
        return lines(source, self._columns, self.statement_currency)

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        told = json_object(body) or dict(parse_qsl(body.decode("utf-8", "replace")))
        found = _TOLD.get(as_text(told.get("status")))
        if found is None or not as_text(told.get("requestId")):
            return _nothing("", body[:TEXT_MAX].decode("utf-8", "replace"))
        return _status(found, told, told.get("phoneNumber"), self._limits.currency, None)

    def parse_validation(self, body: bytes) -> Validation | None:
        told = json_object(body)
        currency = as_text(told.get("currencyCode"))
        if currency != self._limits.currency:
            return None
        amount = as_minor(told.get("amount"), currency)
        number = as_text(told.get("phoneNumber"))
        return Validation(number, amount, currency) if amount and number else None

    def answer_validation(self, *, ours: bool) -> bytes:
        return orjson.dumps({"status": "Validated" if ours else "Failed"})


def _judged(reply: HttpReply | LostCall) -> SubmitAnswer:
    """Return the outcome of an HTTP answer to a send.

    Every answer that is not known is AMBIGUOUS.
    """
    if isinstance(reply, LostCall):
        outcome = SubmitOutcome.AMBIGUOUS if reply.maybe_taken else SubmitOutcome.NOT_SENT
        return SubmitAnswer(outcome, code="no answer", text=reply.text)
    match reply.status:
        case HTTPStatus.UNAUTHORIZED:
            return SubmitAnswer(SubmitOutcome.NOT_SENT, "HTTP 401", reply.text, pause_provider=True)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return SubmitAnswer(SubmitOutcome.NOT_SENT, "HTTP 429", reply.text)
        case HTTPStatus.OK | HTTPStatus.CREATED:
            return _read(reply)
        case status:
            return SubmitAnswer(SubmitOutcome.AMBIGUOUS, f"HTTP {status}", reply.text)


def _read(reply: HttpReply) -> SubmitAnswer:
    told = json_object(reply.body)
    one = as_object(next(iter(as_list(told.get("responses"))), None))
    reference = as_text(one.get("requestId"))
    if as_text(one.get("status")) == "Sent" and reference not in ("", "None"):
        return SubmitAnswer(SubmitOutcome.ACCEPTED, "Sent", reply.text, reference=reference)
    error = as_text(one.get("errorMessage")) or as_text(told.get("errorMessage"))
    if error in ("", "None"):
        return SubmitAnswer(SubmitOutcome.AMBIGUOUS, "odd answer", reply.text)
    if "duplicate" in error.lower():
        return SubmitAnswer(SubmitOutcome.DUPLICATE, error, reply.text)
    # A refusal that mentions neither the worker's number nor the amount concerns the gateway's
    # account. So the provider pauses until an operator of the gateway has looked.
    ours = bool(_FLOAT.search(error)) or not _WORKERS.search(error)
    return SubmitAnswer(SubmitOutcome.REJECTED, error, reply.text, pause_provider=ours)


def _status(
    found: PaymentStatus, told: Mapping[str, object], number: object, currency: str, key: str | None
) -> Status:
    value = _VALUE.fullmatch(as_text(told.get("value")))
    same = value is not None and value[1] == currency
    tail = as_text(number).removeprefix("+")
    failed = found is PaymentStatus.FAILED
    return Status(
        found,
        key,
        as_text(told.get("requestId")) or as_text(told.get("transactionId")),
        receipt=(as_text(told.get("requestId")) or as_text(told.get("transactionId")) or None),
        amount_minor=as_minor(value[2], currency) if value and same else None,
        msisdn_tail=tail if tail.isdecimal() else None,
        code=as_text(told.get("description")) if failed else "",
        text=as_text(told.get("description")),
        table=TABLE,
        generic=failed,
    )


def _nothing(code: str, text: str, *, pause: bool = False) -> Status:
    return Status(PaymentStatus.NO_ANSWER, code=code, text=text, pause_provider=pause, table=TABLE)
