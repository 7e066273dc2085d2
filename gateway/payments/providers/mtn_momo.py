"""The provider MTN MoMo Disbursements (Uganda, Ghana, Rwanda, Zambia, ...).

A transfer is sent under the payout's UUID, and the gateway asks by it. The key is the
X-Reference-Id: the same one again gives a 409, whatever the outcome of the first. The answer to a
question comes at once. A callback is sent once, by POST or PUT, and does not name the reference. So
the gateway puts it into externalId. Reasons are a bare string in a status and an object in an HTTP
error.
"""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
import orjson
from pydantic import SecretStr

from gateway.base.money import minor_per_major
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
from gateway.payments.reconciliation import statement_csv as statement
from gateway.payments.reconciliation.reconcile import StatementLine
from gateway.payments.wire import as_evidence, as_minor, as_object, as_text, json_object

TABLE = "mtn_momo 2026-11-21"
"""The version of the tables below. Raise it with every change, because old decisions are explained
by it.
"""

WORKERS = frozenset({"PAYEE_NOT_FOUND", "PAYEE_NOT_ALLOWED_TO_RECEIVE", "NOT_ALLOWED"})
OURS = frozenset(
    {
        "NOT_ENOUGH_FUNDS",
        "PAYER_LIMIT_REACHED",
        "INVALID_CURRENCY",
        "INVALID_CALLBACK_URL_HOST",
        "NOT_ALLOWED_TARGET_ENVIRONMENT",
        "TRANSFER_TYPE_UNKNOWN",
    }
)
NOT_FINAL = frozenset({"ONGOING", "DELAYED", "PENDING"})
_STATEMENT = statement.Columns(
    receipt="Id", key="External id", at="Date", status="Status", done="Successful", kind="Type", payment="Transfer",
    number="To", amount="Amount", fee="Fee", balance="Balance",
)  # fmt: skip
_TOLD = {
    "SUCCESSFUL": PaymentStatus.PAID,
    "FAILED": PaymentStatus.FAILED,
    "PENDING": PaymentStatus.PENDING,
}


class MomoOptions(AmountOptions):
    """The options of the provider in the settings: the gateway's account at MTN MoMo."""

    base_url: str
    api_user: str
    api_key: SecretStr
    subscription_key: SecretStr
    target_environment: str
    note: str = "Payout"
    statement_columns: statement.Columns = _STATEMENT


EXAMPLE: Mapping[str, object] = {
    "base_url": "http://127.0.0.1:1",
    "api_user": "acme",
    "api_key": "k-secret",
    "subscription_key": "k-secret",
    "target_environment": "mtnuganda",
    "currency": "UGX",
    "minimum": 500,
    "maximum": 5_000_000,
}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> "MtnMomo":
    """Make the provider `name` of the settings.

    Raises SettingsError with the name of a missing, unknown or invalid option.
    """
    told = read(MomoOptions, name, options)
    return MtnMomo(name, told, tokens, told.limits(name))


def transfer_request(account: MomoOptions, order: Order) -> dict[str, object]:
    """Return the body of a transfer, as in MTN's reference."""
    return {
        "amount": str(order.amount_minor // minor_per_major(order.currency)),
        "currency": order.currency,
        "externalId": order.key,
        "payee": {"partyIdType": "MSISDN", "partyId": order.msisdn.removeprefix("+")},
        "payerMessage": account.note,
        "payeeNote": account.note,
    }


class MtnMomo:
    """An account at MTN MoMo, which fulfils `PayoutProvider`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    float_is_shared: bool
    statement_currency: str

    def __init__(
        self, name: str, account: MomoOptions, tokens: TokenStore, limits: AmountLimits
    ) -> None:
        self.name, self._account, self._limits = name, account, limits
        self.minimum_minor, self.maximum_minor = limits.minimum_minor, limits.maximum_minor
        self.statement_currency = account.currency
        # The answer is 409 for a reference that MTN has seen, whatever its outcome.
        self.dedups = True
        self.float_is_shared = False
        self._base = account.base_url.rstrip("/")
        self._url = f"{self._base}/disbursement/v1_0/transfer"
        user = hashlib.sha256(f"{self._base} {account.api_user}".encode()).hexdigest()[:16]
        self._bearer = Bearer(tokens, f"mtn_momo:{user}", self._fetch_token, _token_refused)

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "X-Target-Environment": self._account.target_environment,
            "Ocp-Apim-Subscription-Key": self._account.subscription_key.get_secret_value(),
        }

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        wrong = self._limits.wrong(order) or _wrong_key(order.key)
        if wrong:
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=wrong, table=TABLE)
        body = orjson.dumps(transfer_request(self._account, order))
        headers = {
            **self._headers,
            "X-Reference-Id": order.key,
            "X-Callback-Url": order.result_url,
            "Content-Type": "application/json",
        }
        reply = await self._bearer.call(http, "POST", self._url, headers=headers, body=body)
        answer = reply if isinstance(reply, SubmitAnswer) else _judged(reply)
        return as_evidence(answer, body, TABLE)

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        reply = await self._bearer.call(
            http, "GET", f"{self._url}/{order.key}", headers=self._headers
        )
        match reply:
            case SubmitAnswer():
                return _nothing(reply.code, reply.text, pause=reply.pause_provider)
            case LostCall():
                return _nothing("no answer", reply.text)
            case HttpReply():
                return self._told(reply, order)

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        told = json_object(body)
        key = as_text(told.get("externalId")) or None
        seen = _status(told, key, self._account.currency)
        return seen or _nothing("", body[:TEXT_MAX].decode("utf-8", "replace"))

    def read_statement(self, source: Source) -> list[StatementLine]:
        """Return the lines of the partner portal's export.

        The payout's key stands in its external id, and the fee in the payment's own row. The
        columns are not documented and differ by country, so `statement_columns` may name others.
        """
        return statement.lines(source, self._account.statement_columns, self._account.currency)

    async def name_of(self, http: aiohttp.ClientSession, msisdn: str) -> str | None:
        """Return the name from the basic user info, as in MTN's reference of the account holder."""
        number = msisdn.removeprefix("+")
        holder = f"{self._base}/disbursement/v1_0/accountholder/msisdn/{number}"
        url = f"{holder}/basicuserinfo"
        reply = await self._bearer.call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        told = json_object(reply.body)
        words = (as_text(told.get(part)) for part in ("name", "given_name", "family_name"))
        return " ".join(filter(None, words)) or None

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        url = f"{self._base}/disbursement/v1_0/account/balance"
        reply = await self._bearer.call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        told = json_object(reply.body)
        if as_text(told.get("currency")) != self._account.currency:
            return None
        return as_minor(told.get("availableBalance"), self._account.currency)

    def _told(self, reply: HttpReply, order: Order) -> Status:
        told = json_object(reply.body)
        if reply.status == HTTPStatus.OK:
            # The question named the payout in its path, so the answer belongs to this payout.
            return _status(told, order.key, order.currency) or _nothing("HTTP 200", reply.text)
        code = _reason(told) or f"HTTP {reply.status}"
        if reply.status == HTTPStatus.NOT_FOUND and code == "RESOURCE_NOT_FOUND":
            return Status(PaymentStatus.NOT_FOUND, code=code, text=reply.text, table=TABLE)
        # Any other 404 comes from the proxy: a wrong address or subscription. It says nothing about
        # the payout.
        pause = reply.status in (
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
        )
        return _nothing(code, reply.text, pause=pause)

    async def _fetch_token(self, http: aiohttp.ClientSession) -> HttpReply | LostCall:
        pair = f"{self._account.api_user}:{self._account.api_key.get_secret_value()}"
        basic = base64.b64encode(pair.encode()).decode()
        headers = {**self._headers, "Authorization": f"Basic {basic}"}
        url = f"{self._base}/disbursement/token/"
        return await call(http, "POST", url, headers=headers, total_s=TOKEN_S)


def _wrong_key(key: str) -> str:
    """Return the reason why MTN refuses this key, or "" when it is a UUID."""
    try:
        uuid.UUID(key)
    except ValueError:
        return "the key is not a UUID"
    return ""


def _token_refused(reply: HttpReply) -> bool:
    return reply.status == HTTPStatus.UNAUTHORIZED


def _judged(reply: HttpReply | LostCall) -> SubmitAnswer:
    """Return the outcome of an HTTP answer to a transfer.

    Every answer that is not known is AMBIGUOUS.
    """
    if isinstance(reply, LostCall):
        outcome = SubmitOutcome.AMBIGUOUS if reply.maybe_taken else SubmitOutcome.NOT_SENT
        return SubmitAnswer(outcome, code="no answer", text=reply.text)
    code = _reason(json_object(reply.body)) or f"HTTP {reply.status}"
    outcome, pause = SubmitOutcome.AMBIGUOUS, False
    match reply.status:
        case HTTPStatus.ACCEPTED:
            outcome = SubmitOutcome.ACCEPTED
        case HTTPStatus.CONFLICT:
            outcome = SubmitOutcome.DUPLICATE
        case HTTPStatus.TOO_MANY_REQUESTS:
            outcome = SubmitOutcome.NOT_SENT
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            # This includes the HTML block page of the new platform.
            outcome, pause = SubmitOutcome.NOT_SENT, True
        case HTTPStatus.BAD_REQUEST if code in WORKERS:
            outcome = SubmitOutcome.REJECTED
        case HTTPStatus.BAD_REQUEST:
            # The form of the request is wrong, so the next one will fail as well.
            outcome, pause = SubmitOutcome.REJECTED, True
        case _:
            pass
    return SubmitAnswer(outcome, code, reply.text, "", pause)


def _status(told: Mapping[str, object], key: str | None, currency: str) -> Status | None:
    """Return the status in a body, or None when it contains none.

    The body answers a question or comes as a callback.
    """
    found = _TOLD.get(as_text(told.get("status")))
    if found is None:
        return None
    reason = _reason(told)
    if found is PaymentStatus.FAILED and reason in NOT_FINAL:
        found = PaymentStatus.PENDING
    same_currency = as_text(told.get("currency")) == currency
    party = as_text(as_object(told.get("payee")).get("partyId")).removeprefix("+")
    return Status(
        found,
        key,
        receipt=as_text(told.get("financialTransactionId")) or None,
        amount_minor=as_minor(told.get("amount"), currency) if same_currency else None,
        msisdn_tail=party if party.isdecimal() else None,
        code=reason,
        text=as_text(told.get("status")),
        pause_provider=found is PaymentStatus.FAILED and reason in OURS,
        table=TABLE,
        generic=found is PaymentStatus.FAILED and reason not in WORKERS | OURS,
    )


def _reason(told: Mapping[str, object]) -> str:
    """Return `reason` or `code`, which is a bare string or an object with a code."""
    reason = told.get("reason", told)
    return as_text(reason) or as_text(as_object(reason).get("code"))


def _nothing(code: str, text: str, *, pause: bool = False) -> Status:
    return Status(PaymentStatus.NO_ANSWER, code=code, text=text, pause_provider=pause, table=TABLE)
