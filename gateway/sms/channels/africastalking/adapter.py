"""The channel for Africa's Talking: its forms, and its events read as those of the gateway."""

from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import urlencode

import aiohttp
import structlog
from pydantic import BaseModel, Field, SecretStr, ValidationError

from gateway.base import forms as fields
from gateway.base.errors import Failed, Refused
from gateway.base.net.outbound import LIST_BYTES_MAX, TIMEOUT, ask_provider, read_limited
from gateway.base.options import Options
from gateway.gsm.segments import Capacity
from gateway.sms.channels.africastalking.answers import understood
from gateway.sms.lost import LostSend, side_by_side
from gateway.sms.port import (
    Acknowledgement,
    Delivery,
    InboundSms,
    MissedSms,
    OptOut,
    OutboundSms,
    Receipt,
    Sent,
    Subscription,
    Webhook,
)

log = structlog.get_logger()

LIVE, SANDBOX = "https://api.africastalking.com", "https://api.sandbox.africastalking.com"

# Equal texts share a call, and a lost answer leaves all messages of its call unknown.
RECIPIENTS_MAX = 100

DELIVERIES = {
    "sent": Delivery.SENT,
    "submitted": Delivery.SENT,
    "buffered": Delivery.BUFFERED,
    "success": Delivery.DELIVERED,
    "rejected": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "expired": Delivery.FAILED,  # the network gave up and deleted it
    "absentsubscriber": Delivery.AWAY,
}


class AfricasTalkingOptions(Options):
    """The options of a channel for Africa's Talking.

    `base_url` is set only for a stand-in: the live or the sandbox address follows from the
    username. Every `poll_s` seconds the gateway asks for the messages that Africa's Talking
    received, in case a webhook was lost for good.
    """

    username: str = Field(min_length=1)
    api_key: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    base_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    enqueue: bool = False
    poll_s: float | None = Field(default=None, ge=30)


class _Received(BaseModel):
    """The part of a reply that lists the messages which Africa's Talking received."""

    messages: list[dict[str, str | int | None]] = Field(default=[], alias="Messages")


class _ReceivedReply(BaseModel):
    """The reply to a request for received messages."""

    data: _Received = Field(alias="SMSMessageData")


class _User(BaseModel):
    """The part of a reply that holds the account's balance."""

    balance: str


class _UserReply(BaseModel):
    """The reply to a request for the account's data."""

    data: _User = Field(alias="UserData")


class AfricasTalkingSms:
    """A channel for Africa's Talking."""

    def __init__(self, name: str, options: AfricasTalkingOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.capacity = Capacity()
        self.thanks = Acknowledgement()
        self._options = options
        base = options.base_url or (SANDBOX if options.username == "sandbox" else LIVE)
        version1 = base.rstrip("/").removesuffix("/version1") + "/version1"
        self._url, self._user_url = f"{version1}/messaging", f"{version1}/user"
        self.poll_s = options.poll_s

    def authentic(self, call: Webhook) -> bool:
        return True

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """Read an incoming SMS. An empty text is accepted too.

        Any answer but 200 would make the provider repeat the message every minute for 12 hours.
        """
        return InboundSms(
            provider_id=fields.id_in(form, "id"),
            sender=fields.number(form, "from"),
            to=fields.need(form, "to"),
            text=fields.text_of(form, "text"),
            stamp=fields.stamp(fields.text_of(form, "date")),
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
            phone_away=status.casefold() == "expired",  # the network tried until its time ran out
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

    async def received(self, http: aiohttp.ClientSession, after: str) -> list[MissedSms]:
        """List the messages after the id `after`.

        Each body equals the webhook's and has the same `id`.
        """
        answer = await self._get(http, self._url, {"lastReceivedId": after})
        try:
            listed = _ReceivedReply.model_validate_json(answer).data.messages
        except ValidationError as bad:
            raise Failed(f"Africa's Talking: {bad.title} not understood", retryable=True) from bad
        missed = list[MissedSms]()
        for one in listed:
            form = {name: str(value) for name, value in one.items() if value is not None}
            if not form.get("id"):
                continue
            try:
                missed.append(MissedSms(self.parse_sms(form), urlencode(form).encode()))
            # A message that cannot be read must not hide the messages behind it.
            except Refused as why:
                log.warning("a listed message cannot be read", channel=self.name, why=str(why))
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
        return await ask_provider(http, "Africa's Talking", f"{url}?{urlencode(asked)}", headers)

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        """Send messages, and return one `Sent` per message, in order.

        Equal texts to different numbers share a call, and all calls run side by side.
        """
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
            allow_redirects=False,  # The API key must not follow a redirect to another host.
        ) as response:
            answer = await read_limited(response.content, LIST_BYTES_MAX)
            return understood(call, response.status, answer)

    def body(self, call: Sequence[OutboundSms]) -> bytes:
        """Return the form of one call, with its fields in the SDK's order."""
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


def _sent_of(call: Sequence[OutboundSms], answer: list[Sent] | LostSend) -> list[Sent]:
    if isinstance(answer, LostSend):
        return [Sent(message.key, answer.outcome, reason=answer.reason) for message in call]
    return answer


def calls(messages: Sequence[OutboundSms]) -> list[list[OutboundSms]]:
    """Group messages into API calls.

    All messages of a call have the same text. No number occurs twice in a call, because its two
    answers could not be told apart.
    """
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
