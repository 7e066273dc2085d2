"""Africa's Talking SMS: sending, incoming messages, delivery reports, opt-outs, subscriptions, missed messages.

Wire format: developers.africastalking.com/docs/sms, and the requests of its Python SDK 2.0.3, which ours equal
byte for byte. It takes no id of ours and has no idempotency key, so a send whose answer was lost stays UNKNOWN.
It signs nothing: the secret in the path is all that proves a callback.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from gateway import forms as fields
from gateway import msisdn
from gateway.errors import Failed, Refused
from gateway.money import MINOR_DIGITS
from gateway.options import Options, read
from gateway.sms.lost import TIMEOUT, Lost, ask, side_by_side
from gateway.sms.port import (
    Delivery,
    Hint,
    InboundSms,
    Missed,
    OptOut,
    OutboundSms,
    Outcome,
    Receipt,
    Sent,
    Subscription,
    Thanks,
    Webhook,
)

LIVE, SANDBOX = "https://api.africastalking.com", "https://api.sandbox.africastalking.com"

# Equal texts share a call; a lost answer then leaves that many messages unknown at once.
RECIPIENTS_MAX = 100

# By name first: the documents and the clients in use do not agree on every number (409 above all).
OUTCOMES = {
    "processed": Outcome.ACCEPTED,
    "sent": Outcome.ACCEPTED,
    "success": Outcome.ACCEPTED,
    "queued": Outcome.ACCEPTED,
    "riskhold": Outcome.REFUSED,
    "invalidsenderid": Outcome.REFUSED,
    "invalidphonenumber": Outcome.REFUSED,
    "unsupportednumbertype": Outcome.REFUSED,
    "insufficientbalance": Outcome.RETRY,  # after a top-up
    "userinblacklist": Outcome.REFUSED,
    "couldnotroute": Outcome.REFUSED,  # another channel may still do
    "donotdisturbrejection": Outcome.RETRY,  # Nigeria, promotional senders, 20:00-08:00
    "duplicaterequest": Outcome.UNKNOWN,  # an earlier copy may have gone out
    "internalservererror": Outcome.UNKNOWN,
    "gatewayerror": Outcome.UNKNOWN,
    "rejectedbygateway": Outcome.REFUSED,
}
HINTS = {
    "insufficientbalance": Hint.PAUSE,
    "couldnotroute": Hint.REROUTE,
    "donotdisturbrejection": Hint.MORNING,
}
NAMES = {
    100: "Processed", 101: "Sent", 102: "Queued", 401: "RiskHold", 402: "InvalidSenderId", 403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType", 405: "InsufficientBalance", 406: "UserInBlacklist", 407: "CouldNotRoute",
    409: "DoNotDisturbRejection", 500: "InternalServerError", 501: "GatewayError", 502: "RejectedByGateway",
}  # fmt: skip

DELIVERIES = {
    "sent": Delivery.SENT,
    "submitted": Delivery.SENT,
    "buffered": Delivery.BUFFERED,
    "success": Delivery.DELIVERED,
    "rejected": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "expired": Delivery.FAILED,  # the network has thrown it away
    "absentsubscriber": Delivery.AWAY,
}

_COST = re.compile(r"\s*([A-Z]{3})\s+(\d{1,9}(?:\.\d{1,9})?)\s*", re.ASCII)
_NUMBER = re.compile(r"\+?\d{7,}")
_REASON_CHARS_MAX = 120


class AfricasTalkingOptions(Options):
    """`base_url`: only for a stand-in; live or sandbox follow from the username. `poll_s`: so often AT is asked for the
    messages it received, in case a webhook was lost for good."""

    username: str = Field(min_length=1)
    api_key: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    enqueue: bool = False
    poll_s: float | None = Field(default=None, ge=30)


class _Recipient(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)
    number: str = ""
    status: str = ""
    status_code: int = 0
    message_id: str | None = None
    cost: str | None = None


class _Data(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)
    message: str = Field(default="", alias="Message")
    recipients: list[_Recipient] = Field(default=[], alias="Recipients")


class _Reply(BaseModel):
    data: _Data = Field(alias="SMSMessageData")


class _Received(BaseModel):
    messages: list[dict[str, str | int | None]] = Field(default=[], alias="Messages")


class _ReceivedReply(BaseModel):
    data: _Received = Field(alias="SMSMessageData")


class _User(BaseModel):
    balance: str


class _UserReply(BaseModel):
    data: _User = Field(alias="UserData")


def make(name: str, options: Mapping[str, object]) -> "AfricasTalking":
    return AfricasTalking(name, read(AfricasTalkingOptions, name, options))


class AfricasTalking:
    def __init__(self, name: str, options: AfricasTalkingOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.thanks = Thanks()
        self._options = options
        base = options.base_url or (SANDBOX if options.username == "sandbox" else LIVE)
        version1 = base.rstrip("/").removesuffix("/version1") + "/version1"
        self._url, self._user_url = f"{version1}/messaging", f"{version1}/user"
        self.poll_s = options.poll_s

    def authentic(self, call: Webhook) -> bool:
        return True

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """An empty text is a text: anything but 200 would bring it back every minute for 12 hours."""
        sender, to = fields.number(form, "from"), fields.need(form, "to")
        text, date = fields.text_of(form, "text"), fields.text_of(form, "date")
        given = "id" in form and fields.text_of(form, "id").strip()
        return InboundSms(
            provider_id=fields.need(form, "id")
            if given
            else fields.made_id(sender, to, date, text),
            sender=sender,
            to=to,
            text=text,
            sent_at=fields.moment(date),
            network=fields.text_of(form, "networkCode") or None,
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        status = fields.need(form, "status")
        reason = fields.text_of(form, "failureReason") or None
        return Receipt(
            provider_id=fields.need(form, "id"),
            delivery=DELIVERIES.get(status.casefold()),
            raw_status=status,
            reason=reason,
            opted_out=(reason or "").casefold() == "userinblacklist",
            phone_away=status.casefold() == "expired",  # the network tried until it gave up
        )

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        return OptOut(fields.number(form, "phoneNumber"), fields.need(form, "senderId"))

    def parse_subscription(self, form: Mapping[str, str]) -> Subscription:
        change = fields.need(form, "updateType").casefold()
        if change not in {"addition", "deletion"}:
            raise Refused(f"unknown updateType {change!r}", status=400, field="updateType")
        return Subscription(
            msisdn=fields.number(form, "phoneNumber"),
            sender=fields.need(form, "shortCode"),
            keyword=fields.text_of(form, "keyword").strip(),
            added=change == "addition",
        )

    async def received(self, http: aiohttp.ClientSession, after: str) -> list[Missed]:
        """The body of each is made as the webhook's would have been; both have the same `id`."""
        answer = await self._get(http, self._url, {"lastReceivedId": after})
        try:
            listed = _ReceivedReply.model_validate_json(answer).data.messages
        except ValidationError as bad:
            raise Failed(f"Africa's Talking: {bad.title} not understood", retryable=True) from bad
        missed = list[Missed]()
        for one in listed:
            form = {name: str(value) for name, value in one.items() if value is not None}
            if form.get("id"):
                missed.append(Missed(self.parse_sms(form), urlencode(form).encode()))
        return missed

    async def balance(self, http: aiohttp.ClientSession) -> str:
        answer = await self._get(http, self._user_url, {})
        try:
            return _UserReply.model_validate_json(answer).data.balance
        except ValidationError as bad:
            raise Failed(f"Africa's Talking: {bad.title} not understood", retryable=True) from bad

    async def _get(self, http: aiohttp.ClientSession, url: str, query: Mapping[str, str]) -> bytes:
        asked = {"username": self._options.username, **query}
        headers = {name: said for name, said in self.headers().items() if name != "Content-Type"}
        return await ask(http, "Africa's Talking", f"{url}?{urlencode(asked)}", headers)

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        """Equal texts to different numbers share one call, the rest go side by side."""
        made = calls(messages)
        answers = await side_by_side([partial(self._call, http, call) for call in made])
        by_key = {
            message.key: sent
            for call, answer in zip(made, answers, strict=True)
            for message, sent in zip(call, _sent_of(call, answer), strict=True)
        }
        return [by_key[message.key] for message in messages]

    async def _call(self, http: aiohttp.ClientSession, call: list[OutboundSms]) -> list[Sent]:
        async with http.post(
            self._url,
            data=self.body(call),
            headers=self.headers(),
            timeout=TIMEOUT,
            allow_redirects=False,  # the key must not follow a redirect to another host
        ) as response:
            return understood(call, response.status, await response.read())

    def body(self, call: Sequence[OutboundSms]) -> bytes:
        """The form of one call, its fields in the SDK's order."""
        form = {
            "username": self._options.username,
            "to": ",".join(message.to for message in call),
            "message": call[0].text,
            "bulkSMSMode": 1,
            "from": self.sender,
        }
        if self._options.enqueue:
            form["enqueue"] = 1
        return urlencode(form).encode()

    def headers(self) -> dict[str, str]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "apiKey": self._options.api_key.get_secret_value(),
        }


def _sent_of(call: Sequence[OutboundSms], answer: list[Sent] | Lost) -> list[Sent]:
    if isinstance(answer, Lost):
        return [Sent(message.key, answer.outcome, reason=answer.reason) for message in call]
    return answer


def calls(messages: Sequence[OutboundSms]) -> list[list[OutboundSms]]:
    """Messages as API calls: one text each, and no number twice, or its two answers could not be told apart."""
    made: list[list[OutboundSms]] = []
    open_calls: dict[str, tuple[list[OutboundSms], set[str]]] = {}
    for message in messages:
        call, numbers = open_calls.get(message.text, ([], set[str]()))
        if not call or message.to in numbers or len(call) >= RECIPIENTS_MAX:
            call, numbers = open_calls[message.text] = ([], set[str]())
            made.append(call)
        call.append(message)
        numbers.add(message.to)
    return made


def understood(call: Sequence[OutboundSms], status: int, body: bytes) -> list[Sent]:
    """One `Sent` for each message of a call, from the HTTP status and the body."""
    try:
        reply = _Reply.model_validate_json(body).data
    except ValidationError:
        outcome, hint = _outcome_of_status(status), _hint_of_status(status)
        reason = _reason(f"HTTP {status}", body)
        return [Sent(m.key, outcome, reason=reason, hint=hint) for m in call]
    if not reply.recipients:  # the whole call was refused, and Message says why
        said_nothing_known = _outcome_of_status(status) if status >= 400 else Outcome.RETRY  # noqa: PLR2004
        name = reply.message.strip().casefold()
        outcome = OUTCOMES.get(name, said_nothing_known)
        hint = HINTS.get(name, _hint_of_status(status))
        return [Sent(m.key, outcome, reason=_reason(reply.message), hint=hint) for m in call]
    answers = {_digits(each.number): each for each in reply.recipients}
    if len(call) == len(reply.recipients) == 1:
        answers = {_digits(call[0].to): reply.recipients[0]}
    return [_sent(message, answers.get(_digits(message.to))) for message in call]


def _sent(message: OutboundSms, answer: _Recipient | None) -> Sent:
    if answer is None:
        return Sent(message.key, Outcome.UNKNOWN, reason="the answer does not name this number")
    name = answer.status.strip().casefold()
    if name not in OUTCOMES:
        name = NAMES.get(answer.status_code, "").casefold()
    outcome = OUTCOMES.get(name, Outcome.UNKNOWN)
    cost_micro, currency = cost(answer.cost or "")
    return Sent(
        key=message.key,
        outcome=outcome,
        provider_id=answer.message_id if answer.message_id not in {None, "", "None"} else None,
        reason=None
        if outcome is Outcome.ACCEPTED
        else _reason(answer.status or f"statusCode {answer.status_code}"),
        cost_micro=cost_micro,
        currency=currency,
        opted_out=name == "userinblacklist",
        hint=HINTS.get(name),
    )


def cost(written: str) -> tuple[int | None, str | None]:
    """Millionths and currency of `KES 0.8000`; a bare `0` has no currency; None for what cannot be read.

    >>> cost("KES 0.8000"), cost("UGX 35.0000"), cost("0"), cost("free")
    ((800000, 'KES'), (35000000, 'UGX'), (0, None), (None, None))
    """
    found = _COST.fullmatch(written)
    if not found or found[1] not in MINOR_DIGITS:
        return (0 if written.strip() == "0" else None), None
    return int((Decimal(found[2]) * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)), found[1]


def _outcome_of_status(status: int) -> Outcome:
    """What an answer without a list of recipients means: was anything sent?"""
    if status in {401, 403, 404, 429} or 300 <= status < 400:  # noqa: PLR2004
        return (
            Outcome.RETRY
        )  # key, address or pace are wrong: nothing was sent, and the message is not to blame
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004
        return Outcome.REFUSED
    return Outcome.UNKNOWN


def _hint_of_status(status: int) -> Hint | None:
    return Hint.PAUSE if status in {401, 403} else None  # the key


def _reason(said: str, body: bytes = b"") -> str:
    """The provider's words, short, and without whole phone numbers: reasons are stored and shown."""
    text = f"{said}: {body.decode(errors='replace')}" if body else said
    return _NUMBER.sub(lambda found: msisdn.mask(found[0]), " ".join(text.split()))[
        :_REASON_CHARS_MAX
    ]


def _digits(number: str) -> str:
    return "".join(ch for ch in number if ch.isdigit())
