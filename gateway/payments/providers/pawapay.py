"""The provider pawaPay v2: one contract for most operators of twenty countries.

Payouts are sent under the payout's UUID, and the gateway asks by it. ACCEPTED and ENQUEUED mean
that it was taken, and SUBMITTED that it is on its way. COMPLETED and FAILED are final.
DUPLICATE_IGNORED answers an id that pawaPay has seen. `provider` names the operator (MTN_MOMO_RWA
...). The settings have one entry per operator, and payouts are routed by carrier.

Source: pawaPay's v2 reference. Callbacks are taken as hints and asked about, so their RFC 9421
signature is not needed.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
import orjson
from pydantic import SecretStr

from gateway.base.errors import SettingsError
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
)
from gateway.payments.reconciliation.reconcile import StatementLine
from gateway.payments.reconciliation.statement_csv import Columns, lines
from gateway.payments.wire import as_evidence, as_list, as_minor, as_object, as_text, json_object

TABLE = "pawapay 2026-11-21"
"""The version of the tables below. Raise it with every change, because old decisions are explained
by it.
"""

WORKERS = frozenset(
    {
        "RECIPIENT_NOT_FOUND",
        "WALLET_LIMIT_REACHED",
        "AMOUNT_OUT_OF_BOUNDS",
        "INVALID_PHONE_NUMBER",
        "INVALID_PHONE_FORMAT",
    }
)
OURS = frozenset(
    {
        "PAWAPAY_WALLET_OUT_OF_FUNDS",
        "PROVIDER_TEMPORARILY_UNAVAILABLE",
        "INVALID_CURRENCY",
        "INVALID_PROVIDER",
        "PAYOUTS_NOT_ALLOWED",
        "AUTHENTICATION_ERROR",
    }
)
_SUBMITTED = {
    "ACCEPTED": SubmitOutcome.ACCEPTED,
    "ENQUEUED": SubmitOutcome.ACCEPTED,
    "DUPLICATE_IGNORED": SubmitOutcome.DUPLICATE,
    "REJECTED": SubmitOutcome.REJECTED,
}
_TOLD = {
    "COMPLETED": PaymentStatus.PAID,
    "FAILED": PaymentStatus.FAILED,
    "ACCEPTED": PaymentStatus.PENDING,
    "ENQUEUED": PaymentStatus.PENDING,
    "SUBMITTED": PaymentStatus.PENDING,
    "PROCESSING": PaymentStatus.PENDING,
    "IN_RECONCILIATION": PaymentStatus.PENDING,
}
_NOTE = re.compile(r"[A-Za-z0-9 ]{4,22}")


# The columns are as the dashboard's page on statements lists them. The transaction's id is the
# payout's, and no balance is given. The names of the types stand in pawaPay's API. No document says
# whether an export has minus signs, so the type alone tells what leaves.
_STATEMENT = Columns(
    receipt="Transaction ID", at="Creation Date", amount="Amount", key="Transaction ID", kind="Type", payment="PAYOUT",
    number="MSISDN", signed=False,
)  # fmt: skip


class PawapayOptions(AmountOptions):
    """The options of the provider in the settings.

    `provider` is pawaPay's code of the operator.
    """

    base_url: str
    api_token: SecretStr
    provider: str
    note: str = "Payout"
    statement_columns: Columns = _STATEMENT


EXAMPLE: Mapping[str, object] = {
    "base_url": "http://127.0.0.1:1",
    "api_token": "k-secret",
    "provider": "MTN_MOMO_RWA",
    "currency": "RWF",
    "minimum": 100,
    "maximum": 100_000,
}
"""Options with which a provider of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object], tokens: TokenStore) -> "Pawapay":
    """Make the provider `name` of the settings.

    Its token does not expire, so none is stored.
    """
    told = read(PawapayOptions, name, options)
    if not _NOTE.fullmatch(told.note):
        raise SettingsError(
            f"payout provider {name!r}: note must have 4 to 22 plain letters, digits and spaces"
        )
    return Pawapay(name, told, told.limits(name))


def payout(options: PawapayOptions, order: Order) -> dict[str, object]:
    """Return the body of a payout, as in pawaPay's reference."""
    account = {"phoneNumber": order.msisdn.removeprefix("+"), "provider": options.provider}
    return {
        "payoutId": order.key,
        "recipient": {"type": "MMO", "accountDetails": account},
        "amount": str(order.amount_minor // minor_per_major(order.currency)),
        "currency": order.currency,
        "customerMessage": options.note,
    }


class Pawapay:
    """An account at pawaPay for one operator, which fulfils `PayoutProvider`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    float_is_shared: bool

    def __init__(self, name: str, options: PawapayOptions, limits: AmountLimits) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = limits.minimum_minor, limits.maximum_minor
        self.dedups = True  # The documentation says that the same payoutId is ignored.
        self.float_is_shared = False
        self._options, self._limits = options, limits
        self._url = f"{options.base_url.rstrip('/')}/v2/payouts"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._options.api_token.get_secret_value()}"}

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        wrong = self._limits.wrong(order)
        if wrong:
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=wrong, table=TABLE)
        body = orjson.dumps(payout(self._options, order))
        headers = {**self._headers, "Content-Type": "application/json"}
        answer = _judged(await call(http, "POST", self._url, headers=headers, body=body))
        return as_evidence(answer, body, TABLE)

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        reply = await call(http, "GET", f"{self._url}/{order.key}", headers=self._headers)
        if isinstance(reply, LostCall):
            return _nothing("no answer", reply.text)
        told = json_object(reply.body)
        match (reply.status, as_text(told.get("status"))):
            case (HTTPStatus.OK, "NOT_FOUND"):
                return Status(
                    PaymentStatus.NOT_FOUND, code="NOT_FOUND", text=reply.text, table=TABLE
                )
            case (HTTPStatus.OK, "FOUND"):
                found = _status(as_object(told.get("data")), self._limits.currency)
                return found or _nothing("FOUND", reply.text)
            case (status, _):
                pause = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
                return _nothing(_reason(told) or f"HTTP {status}", reply.text, pause=pause)

    async def float_minor(self, http: aiohttp.ClientSession) -> int | None:
        """Return the balance of the wallet in the account's currency.

        Where there is one wallet per operator, it is the wallet of this account's operator.
        """
        url = self._url.removesuffix("/payouts") + "/wallet-balances"
        reply = await call(http, "GET", url, headers=self._headers)
        if not isinstance(reply, HttpReply) or reply.status != HTTPStatus.OK:
            return None
        for wallet in map(as_object, as_list(json_object(reply.body).get("balances"))):
            whose = as_text(wallet.get("provider"))
            same = as_text(wallet.get("currency")) == self._limits.currency
            if same and whose in ("", self._options.provider):
                return as_minor(wallet.get("balance"), self._limits.currency)
        return None

    @property
    def statement_currency(self) -> str:
        return self._limits.currency

    def read_statement(self, source: Source) -> list[StatementLine]:
        return lines(source, self._options.statement_columns, self._limits.currency)

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        found = _status(json_object(body), self._limits.currency)
        return found or _nothing("", body[:TEXT_MAX].decode("utf-8", "replace"))


def _judged(reply: HttpReply | LostCall) -> SubmitAnswer:
    """Return the outcome of an HTTP answer to a payout.

    Every answer that is not known is AMBIGUOUS.
    """
    if isinstance(reply, LostCall):
        outcome = SubmitOutcome.AMBIGUOUS if reply.maybe_taken else SubmitOutcome.NOT_SENT
        return SubmitAnswer(outcome, code="no answer", text=reply.text)
    told = json_object(reply.body)
    code = _reason(told) or f"HTTP {reply.status}"
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return SubmitAnswer(SubmitOutcome.NOT_SENT, code, reply.text, pause_provider=True)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return SubmitAnswer(SubmitOutcome.NOT_SENT, code, reply.text)
    outcome = _SUBMITTED.get(as_text(told.get("status")), SubmitOutcome.AMBIGUOUS)
    if reply.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        outcome = SubmitOutcome.REJECTED if reply.status == HTTPStatus.BAD_REQUEST else SubmitOutcome.AMBIGUOUS  # fmt: skip
    pause = outcome is SubmitOutcome.REJECTED and code not in WORKERS
    return SubmitAnswer(
        outcome, code if outcome is SubmitOutcome.REJECTED else "", reply.text, "", pause
    )


def _status(told: Mapping[str, object], currency: str) -> Status | None:
    """Return the status in a payout as pawaPay shows it, or None when the body contains none.

    The body answers a question or comes as a callback.
    """
    found = _TOLD.get(as_text(told.get("status")))
    key = as_text(told.get("payoutId")) or None
    if found is None or key is None:
        return None
    reason = _reason(told) if found is PaymentStatus.FAILED else ""
    account = as_object(as_object(told.get("recipient")).get("accountDetails"))
    number = as_text(account.get("phoneNumber")).removeprefix("+")
    same_currency = as_text(told.get("currency")) == currency
    return Status(
        found,
        key,
        receipt=as_text(told.get("providerTransactionId"))
        or (key if found is PaymentStatus.PAID else None),
        amount_minor=as_minor(told.get("amount"), currency) if same_currency else None,
        msisdn_tail=number if number.isdecimal() else None,
        code=reason,
        text=as_text(told.get("status")),
        pause_provider=found is PaymentStatus.FAILED and reason in OURS,
        table=TABLE,
        generic=found is PaymentStatus.FAILED and reason not in WORKERS | OURS,
    )


def _reason(told: Mapping[str, object]) -> str:
    return as_text(as_object(told.get("failureReason")).get("failureCode"))


def _nothing(code: str, text: str, *, pause: bool = False) -> Status:
    return Status(PaymentStatus.NO_ANSWER, code=code, text=text, pause_provider=pause, table=TABLE)
