"""The two requests we make of Daraja, and the token they share."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import orjson

from gateway.payments.port import Answer, Found, Order, Status, Submitted, TokenStore
from gateway.payments.providers.mpesa.results import CURRENCY, read_callback
from gateway.payments.providers.mpesa.tables import TABLE, judged, token_refused
from gateway.payments.wire import TOKEN_S, Lost, Reply, as_text, call, json_object

MINIMUM_MINOR = 10_00
MAXIMUM_MINOR = 250_000_00
TOKEN_MARGIN_S = 60  # a token must not die on the way
_REFUSED = range(400, 500)
_TOKEN = re.compile(r"[!-~]+")  # it becomes a header
_MSISDN = re.compile(r"\+(254[17]\d{8})")


@dataclass(frozen=True, slots=True)
class Account:
    """Our account with the operator. `credential`: the initiator's password, RSA-encrypted, base64."""

    base_url: str
    consumer_key: str
    consumer_secret: str
    initiator: str
    credential: str
    shortcode: str
    command: str
    remarks: str
    occasion: str

    def __repr__(self) -> str:
        return f"Account({self.base_url}, {self.shortcode})"  # never the secrets, in no traceback


def payment_request(account: Account, order: Order) -> dict[str, str]:
    """The body of a B2C v3 request, field by field as in Safaricom's sample ('Occassion' is their spelling)."""
    body = {
        "OriginatorConversationID": order.key,
        "InitiatorName": account.initiator,
        "SecurityCredential": account.credential,
        "CommandID": account.command,
        "Amount": str(order.amount_minor // 100),
        "PartyA": account.shortcode,
        "PartyB": order.msisdn.removeprefix("+"),
        "Remarks": account.remarks,
        "QueueTimeOutURL": order.timeout_url,
        "ResultURL": order.result_url,
    }
    return {**body, "Occassion": account.occasion} if account.occasion else body


def status_request(account: Account, order: Order) -> dict[str, str]:
    """The body of a transaction status query by our own key ('Occasion' with one s here)."""
    return {
        "Initiator": account.initiator,
        "SecurityCredential": account.credential,
        "CommandID": "TransactionStatusQuery",
        "OriginalConversationID": order.key,
        "PartyA": account.shortcode,
        "IdentifierType": "4",
        "ResultURL": order.status_url,
        "QueueTimeOutURL": order.timeout_url,
        "Remarks": account.remarks,
        "Occasion": "status",
    }


class Mpesa:
    """Fulfils `PayoutProvider`."""

    name: str
    minimum_minor: int
    maximum_minor: int
    dedups: bool

    def __init__(self, name: str, account: Account, tokens: TokenStore) -> None:
        self.name = name
        self.minimum_minor, self.maximum_minor = MINIMUM_MINOR, MAXIMUM_MINOR
        self.dedups = True  # v3: "Duplicate OriginatorConversationID"
        self._account = account
        self._tokens = tokens
        # Named by the consumer key, not by us: two providers of one Daraja app must share its one token.
        self._token_name = f"mpesa:{hashlib.sha256(account.consumer_key.encode()).hexdigest()[:16]}"
        self._fetching = asyncio.Lock()

    async def submit(self, http: aiohttp.ClientSession, order: Order) -> Answer:
        wrong = _wrong(order)
        if wrong:
            return Answer(Submitted.REJECTED, code="order", text=wrong, table=TABLE)
        body = payment_request(self._account, order)
        reply = await self._post(http, "/mpesa/b2c/v3/paymentrequest", body)
        answer = judged(reply) if not isinstance(reply, Answer) else reply
        # The credential differs with every encryption of the same password and is nobody's business.
        evidence = orjson.dumps({**body, "SecurityCredential": ""})
        return Answer(
            answer.outcome,
            answer.code,
            answer.text,
            hashlib.sha256(evidence).hexdigest(),
            answer.pause_provider,
            TABLE,
        )

    async def ask(self, http: aiohttp.ClientSession, order: Order) -> Status:
        """PENDING: the question was taken and the answer will come to `order.status_url`."""
        body = status_request(self._account, order)
        reply = await self._post(http, "/mpesa/transactionstatus/v1/query", body)
        answer = judged(reply) if not isinstance(reply, Answer) else reply
        asked = answer.outcome is Submitted.ACCEPTED
        return Status(
            Found.PENDING if asked else Found.NO_ANSWER,
            code=answer.code,
            text=answer.text,
            pause_provider=answer.pause_provider,
            table=TABLE,
        )

    def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> Status:
        return read_callback(body)

    async def _post(
        self, http: aiohttp.ClientSession, path: str, body: Mapping[str, str]
    ) -> Reply | Lost | Answer:
        """One request; a second one only after the proxy refused our token, so that nothing was taken.

        An Answer instead of a reply: there is no token to be had.
        """
        reply: Reply | Lost | Answer = Answer(Submitted.NOT_SENT)
        for _ in range(2):
            token = await self._token(http)
            if isinstance(token, Answer):
                return token
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            url = self._account.base_url + path
            reply = await call(http, "POST", url, headers=headers, body=orjson.dumps(body))
            if not isinstance(reply, Reply) or not token_refused(reply):
                break
            await self._tokens.drop(self._token_name, token)
        return reply

    async def _token(self, http: aiohttp.ClientSession) -> str | Answer:
        """The shared token, fetched when there is none. (Two processes may both fetch: Daraja then ends the first
        one's token, its next request is refused once, and all agree on the stored one again.)
        """
        stored = await self._tokens.get(self._token_name)
        if stored:
            return stored
        async with self._fetching:
            return await self._tokens.get(self._token_name) or await self._fetch_token(http)

    async def _fetch_token(self, http: aiohttp.ClientSession) -> str | Answer:
        pair = f"{self._account.consumer_key}:{self._account.consumer_secret}"
        basic = base64.b64encode(pair.encode()).decode()
        url = f"{self._account.base_url}/oauth/v1/generate?grant_type=client_credentials"
        headers = {"Authorization": f"Basic {basic}"}
        reply = await call(http, "GET", url, headers=headers, total_s=TOKEN_S)
        if isinstance(reply, Lost):
            return Answer(Submitted.NOT_SENT, code="token", text=reply.text)
        told = json_object(reply.body)
        token, lives = as_text(told.get("access_token")), as_text(told.get("expires_in"))
        if reply.status != HTTPStatus.OK or not _TOKEN.fullmatch(token):
            code = as_text(told.get("errorCode")) or f"HTTP {reply.status}"
            ours = reply.status in _REFUSED and reply.status != HTTPStatus.TOO_MANY_REQUESTS
            return Answer(Submitted.NOT_SENT, code, reply.text, pause_provider=ours)
        lives_s = int(lives) if lives.isdecimal() else 0
        await self._tokens.put(self._token_name, token, max(lives_s - TOKEN_MARGIN_S, 1))
        return token


def _wrong(order: Order) -> str:
    """Why this order can never be sent; empty when it can."""
    if order.currency != CURRENCY:
        return f"M-PESA pays in {CURRENCY}, not {order.currency}"
    if order.amount_minor % 100 or not MINIMUM_MINOR <= order.amount_minor <= MAXIMUM_MINOR:
        return f"{order.amount_minor} is not a whole amount within M-PESA's limits"
    if not _MSISDN.fullmatch(order.msisdn):
        return "not a Kenyan mobile number"
    return ""
