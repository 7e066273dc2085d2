"""The channel for Twilio: its forms, and its events read as those of the gateway."""

import base64
import binascii
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

import aiohttp
import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gateway.base import forms as fields
from gateway.base.errors import Failed, Refused
from gateway.base.forms import ProviderTime
from gateway.base.net.outbound import LIST_BYTES_MAX, TIMEOUT, ask_provider, read_limited
from gateway.base.options import Options
from gateway.gsm.segments import Capacity
from gateway.sms.channels.twilio.answers import OPTED_OUT, understood
from gateway.sms.channels.twilio.listed import ASKED_MAX, found, page
from gateway.sms.channels.twilio.signature import holds
from gateway.sms.lost import each_alone
from gateway.sms.port import (
    Acknowledgement,
    Delivery,
    InboundSms,
    MissedSms,
    OptOut,
    OutboundSms,
    Receipt,
    SendStatus,
    Sent,
    Webhook,
)

log = structlog.get_logger()

LIVE = "https://api.twilio.com"

DELIVERIES = {
    # Twilio has the message, but the network may not have it: the lowest rank.
    "accepted": Delivery.SENT,
    "scheduled": Delivery.SENT,
    "queued": Delivery.SENT,
    "sending": Delivery.SENT,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
UNREACHABLE_NOW = 30003
_BASE64 = re.compile(r"[A-Za-z0-9+/]{57,}={0,2}")
_REASON_CHARS_MAX = 120
_LISTED_MAX, _PAGES_MAX = 200, 20
BODY_CHARACTERS_MAX = 1600  # A longer body gets error 21617.
_MEDIA_MAX = 10  # the most that Twilio takes in one message


class TwilioOptions(Options):
    """The options of a channel for Twilio.

    `sender` is the number that workers text. With `messaging_service_sid` Twilio chooses the number
    that sends. `webhook_key` is the shared key of SHA-256 signatures, if the operator has made one.
    Otherwise the auth token signs. Every `poll_s` seconds the gateway asks for the messages that
    came to `sender`, because Twilio tries a webhook for seconds only.
    """

    account_sid: str = Field(pattern=r"^AC\w+$")
    auth_token: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    messaging_service_sid: str | None = Field(default=None, pattern=r"^MG\w+$")
    webhook_key: SecretStr | None = None
    receipt_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    poll_s: float | None = Field(default=None, ge=30)
    base_url: str = Field(default=LIVE, pattern=r"^https?://\S+$")


class _Balance(BaseModel):
    """The reply to a request for the account's balance."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    currency: str
    balance: str


class Twilio:
    """A channel for Twilio."""

    takes_get = True

    def __init__(self, name: str, options: TwilioOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.capacity = Capacity(characters_max=BODY_CHARACTERS_MAX)
        self.thanks = Acknowledgement(
            b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml"
        )
        self.poll_s = options.poll_s
        self._options = options
        self._base = options.base_url.rstrip("/")
        account = f"{self._base}/2010-04-01/Accounts/{options.account_sid}"
        self._url, self._balance_url = f"{account}/Messages.json", f"{account}/Balance.json"

    def authentic(self, call: Webhook) -> bool:
        return holds(call, self._options.auth_token, self._options.webhook_key)

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """Read an incoming SMS.

        Where Twilio took the text for an opt-out word (in any language), that word is the text. YES
        is the exception: Twilio takes it for START, but to the gateway it is an answer.
        """
        opt_out_type = fields.text_of(form, "OptOutType").upper()
        if opt_out_type == "START" and fields.text_of(form, "Body").strip().upper() == "YES":
            opt_out_type = ""
        return InboundSms(
            provider_id=fields.need(form, "MessageSid"),
            sender=fields.number(form, "From"),
            to=fields.number(form, "To"),
            text=opt_out_type or _plain(fields.text_of(form, "Body")),
            stamp=None,
            media=_media(form),
            typed=_plain(fields.text_of(form, "Body")),
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        status = fields.need(form, "MessageStatus")
        code = fields.text_of(form, "ErrorCode").strip()
        delivery = DELIVERIES.get(status.casefold())
        if delivery is Delivery.FAILED and code == str(UNREACHABLE_NOW):
            delivery = Delivery.AWAY
        return Receipt(
            provider_id=fields.need(form, "MessageSid"),
            delivery=delivery,
            raw_status=status,
            reason=f"Twilio error {code}"[:_REASON_CHARS_MAX] if code else None,
            opted_out=code == str(OPTED_OUT),
        )

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        raise Refused("Twilio has no opt-out notice; opt-outs come as messages", status=400)

    async def received(self, http: aiohttp.ClientSession, after: str) -> list[MissedSms]:
        """List the messages after the id `after`.

        Twilio lists the newest message first, so the pages are read until the message `after`
        appears.
        """
        query = urlencode({"To": self.sender, "PageSize": _LISTED_MAX})
        more, missed = f"{self._url.removeprefix(self._base)}?{query}", list[MissedSms]()
        for _ in range(_PAGES_MAX):
            answer = await ask_provider(http, "Twilio", f"{self._base}{more}", self._asking())
            try:
                found_here = page(answer)
            except ValueError as bad:
                raise Failed(
                    "Twilio: the list of messages is not understood", retryable=True
                ) from bad
            for form, at in found_here.came:
                if form["MessageSid"] == after:
                    return missed[::-1]
                try:
                    sms = replace(
                        self.parse_sms(form), stamp=ProviderTime(at, exact=True, zoned=True)
                    )
                # A message that cannot be read must not hide the messages behind it.
                except Refused as why:
                    log.warning("a listed message cannot be read", channel=self.name, why=str(why))
                    continue
                missed.append(MissedSms(sms, urlencode(form).encode()))
            if found_here.more is None:
                break
            more = found_here.more
        return missed[::-1]

    async def balance(self, http: aiohttp.ClientSession) -> str:
        answer = await ask_provider(http, "Twilio", self._balance_url, self._asking())
        try:
            found = _Balance.model_validate_json(answer)
        except ValidationError as bad:
            raise Failed(f"Twilio: {bad.title} not understood", retryable=True) from bad
        return f"{found.currency} {found.balance}"

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        return await each_alone(messages, partial(self._one, http))

    async def _one(self, http: aiohttp.ClientSession, message: OutboundSms) -> Sent:
        async with http.post(
            self._url,
            data=self.body(message),
            headers=self.headers(),
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as response:
            answer = await read_limited(response.content)
            return understood(message, response.status, answer)

    async def ask(
        self,
        http: aiohttp.ClientSession,
        message: OutboundSms,
        since: datetime,
        known: Collection[str],
    ) -> Sent:
        """Ask Twilio for a message whose answer was lost.

        Twilio accepts no id from the gateway, so the message is searched by its text among the
        newest messages to its number.
        """
        url = f"{self._url}?{urlencode({'To': message.to, 'PageSize': ASKED_MAX})}"
        try:
            async with http.get(
                url, headers=self.headers(), timeout=TIMEOUT, allow_redirects=False
            ) as response:
                body = await read_limited(response.content, LIST_BYTES_MAX)
                return found(message, response.status, body, since, known)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Sent(
                message.key, SendStatus.UNKNOWN, reason=f"no answer: {type(error).__name__}"
            )

    def body(self, message: OutboundSms) -> bytes:
        form = {"To": message.to}
        if self._options.receipt_url:
            form["StatusCallback"] = self._options.receipt_url
        if self._options.messaging_service_sid:
            form["MessagingServiceSid"] = self._options.messaging_service_sid
        else:
            form["From"] = self.sender
        form["Body"] = message.text
        return urlencode(form).encode()

    def _asking(self) -> dict[str, str]:
        return {name: said for name, said in self.headers().items() if name != "Content-Type"}

    def headers(self) -> dict[str, str]:
        login = f"{self._options.account_sid}:{self._options.auth_token.get_secret_value()}"
        return {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
        }


def _media(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return the addresses of an MMS's pictures at Twilio.

    Reading them requires the gateway's credentials.
    """
    count = fields.text_of(form, "NumMedia")
    wanted = min(int(count), _MEDIA_MAX) if count.isascii() and count.isdecimal() else 0
    urls = (fields.text_of(form, f"MediaUrl{n}") for n in range(wanted))
    return tuple(url for url in urls if url)


def _plain(body: str) -> str:
    """Return the text of a body that may have come in base64.

    Twilio sometimes encodes a long text. A body of 57 or more letters of base64 without a blank is
    not a sentence. It may be cut at any position, also inside a character.
    """
    if not _BASE64.fullmatch(body):
        return body
    whole = body.rstrip("=")
    try:
        raw = base64.b64decode(whole[: len(whole) - (len(whole) % 4 == 1)] + "===")
    except binascii.Error:
        return body
    text = fields.utf8_in(raw)
    readable = text and all(ch.isprintable() or ch.isspace() for ch in text)
    return text if text and readable else body
