"""The three requests that the gateway makes of Daraja, and the token that they share."""

import base64
import hashlib
from collections.abc import Mapping

import aiohttp
import orjson

from gateway.base.money import minor_per_major
from gateway.base.msisdn import national_number
from gateway.base.net.outbound import TOKEN_S, HttpReply, LostCall, call
from gateway.base.tabular import Source
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
from gateway.payments.providers.mpesa.account import MpesaAccount
from gateway.payments.providers.mpesa.results import CURRENCY, read_callback
from gateway.payments.providers.mpesa.statement import read_statement
from gateway.payments.providers.mpesa.tables import TABLE, result_of_answer, token_refused
from gateway.payments.reconciliation.reconcile import StatementLine

LIMITS = AmountLimits(CURRENCY, minimum_minor=10_00, maximum_minor=250_000_00)
COUNTRY = "KE"


def payment_request(account: MpesaAccount, order: Order) -> dict[str, str]:
    """Return the body of a B2C v3 request, field by field as in Safaricom's sample.

    Safaricom spells 'Occassion' with two s.
    """
    body = {
        "OriginatorConversationID": order.key,
        "InitiatorName": account.initiator,
        "SecurityCredential": account.credential.get_secret_value(),
        "CommandID": account.command,
        "Amount": str(order.amount_minor // minor_per_major(CURRENCY)),
        "PartyA": account.shortcode,
        "PartyB": order.msisdn.removeprefix("+"),
        "Remarks": account.remarks,
        "QueueTimeOutURL": order.timeout_url,
        "ResultURL": order.result_url,
    }
    # The payout's key stands there unless the settings name an occasion. An export that shows the
    # occasion then names the payout.
    return {**body, "Occassion": account.occasion or order.key}


def status_request(account: MpesaAccount, order: Order) -> dict[str, str]:
    """Return the body of a transaction status query by the payout's key.

    Safaricom spells 'Occasion' with one s here.
    """
    return {
        "Initiator": account.initiator,
        "SecurityCredential": account.credential.get_secret_value(),
        "CommandID": "TransactionStatusQuery",
        "OriginalConversationID": order.key,
        "PartyA": account.shortcode,
        "IdentifierType": "4",
        "ResultURL": order.status_url,
        "QueueTimeOutURL": order.timeout_url,
        "Remarks": account.remarks,
        "Occasion": "status",
    }


def balance_request(account: MpesaAccount, result_url: str, timeout_url: str) -> dict[str, str]:
    """Return the body of an account balance query, field by field as in Safaricom's sample."""
    return {
        "Initiator": account.initiator,
        "SecurityCredential": account.credential.get_secret_value(),
        "CommandID": "AccountBalance",
        "PartyA": account.shortcode,
        "IdentifierType": "4",
        "Remarks": account.remarks,
        "QueueTimeOutURL": timeout_url,
        "ResultURL": result_url,
    }


class Mpesa:
    """An account at M-PESA Kenya, which fulfils `PayoutProvider` and `AsksFloat`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool
    statement_currency: str

    def __init__(self, name: str, account: MpesaAccount, tokens: TokenStore) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = LIMITS.minimum_minor, LIMITS.maximum_minor
        self.statement_currency = CURRENCY
        self.dedups = True  # v3 answers "Duplicate OriginatorConversationID".
        self._account = account
        # Each new token of a Daraja app ends the preceding one, so all users of the app must share
        # one.
        app = hashlib.sha256(account.consumer_key.get_secret_value().encode()).hexdigest()[:16]
        self._bearer = Bearer(tokens, f"mpesa:{app}", self._fetch_token, token_refused)

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> SubmitAnswer:
        wrong = _wrong(order)
        if wrong:
            return SubmitAnswer(SubmitOutcome.REJECTED, code="order", text=wrong, table=TABLE)
        body = payment_request(self._account, order)
        reply = await self._post(http, "/mpesa/b2c/v3/paymentrequest", body)
        answer = result_of_answer(reply) if not isinstance(reply, SubmitAnswer) else reply
        # The credential differs with every encryption of the same password and must stay secret.
        evidence = orjson.dumps({**body, "SecurityCredential": ""})
        return SubmitAnswer(
            answer.outcome,
            answer.code,
            answer.text,
            hashlib.sha256(evidence).hexdigest(),
            answer.pause_provider,
            TABLE,
        )

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        """Ask for the outcome of a payout.

        Return PENDING when the question was taken and the answer will come to `order.status_url`.
        """
        body = status_request(self._account, order)
        reply = await self._post(http, "/mpesa/transactionstatus/v1/query", body)
        answer = result_of_answer(reply) if not isinstance(reply, SubmitAnswer) else reply
        asked = answer.outcome is SubmitOutcome.ACCEPTED
        return Status(
            PaymentStatus.PENDING if asked else PaymentStatus.NO_ANSWER,
            code=answer.code,
            text=answer.text,
            pause_provider=answer.pause_provider,
            table=TABLE,
        )

    async def ask_float(
        self, http: aiohttp.ClientSession, result_url: str, timeout_url: str
    ) -> SubmitAnswer:
        body = balance_request(self._account, result_url, timeout_url)
        reply = await self._post(http, "/mpesa/accountbalance/v1/query", body)
        return result_of_answer(reply) if not isinstance(reply, SubmitAnswer) else reply

    def read_statement(self, source: Source) -> list[StatementLine]:
        return read_statement(source)

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        return read_callback(body)

    async def _post(
        self, http: aiohttp.ClientSession, path: str, body: Mapping[str, str]
    ) -> HttpReply | LostCall | SubmitAnswer:
        url, headers = self._account.base_url + path, {"Content-Type": "application/json"}
        return await self._bearer.call(http, "POST", url, headers=headers, body=orjson.dumps(body))

    async def _fetch_token(self, http: aiohttp.ClientSession) -> HttpReply | LostCall:
        secret = self._account.consumer_secret.get_secret_value()
        pair = f"{self._account.consumer_key.get_secret_value()}:{secret}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        url = f"{self._account.base_url}/oauth/v1/generate?grant_type=client_credentials"
        return await call(http, "GET", url, headers=headers, total_s=TOKEN_S)


def _wrong(order: Order) -> str:
    """Return the reason why this order can never be sent, or "" when it can."""
    wrong = LIMITS.wrong(order)
    if not wrong and national_number(order.msisdn, COUNTRY) is None:
        return "not a Kenyan mobile number"
    return wrong
