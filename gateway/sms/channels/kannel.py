"""A channel for Kannel, an SMS gateway of the operator's own in front of SMPP links and modems.

It was tried with Kannel 1.4.5.

Incoming: `sms-service` with `get-url =
"https://HOST/in/NAME/SECRET/sms?id=%I&from=%p&to=%P&text=%b&ts=%T"`, with `mo-recode = true` and a
high `http-request-retry` in `group = smsbox`: its default of 0 loses every message that does not
get a 200 at once. Set no `global-sender`: it would replace the shortcode in `%P`.

Outgoing: `sendsms` answers without an id. The gateway therefore puts its own key into the receipt's
address, and the key returns with the receipt. The password travels in the address too: keep Kannel
on the same machine or a private network.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, urlencode

import aiohttp
from pydantic import Field, SecretStr

from gateway.base import forms as fields
from gateway.base.errors import Refused
from gateway.base.net.outbound import TIMEOUT, read_limited
from gateway.base.options import Options, read_options
from gateway.gsm.segments import Capacity, count_segments
from gateway.sms.lost import each_alone, without_numbers
from gateway.sms.port import (
    Acknowledgement,
    Delivery,
    Hint,
    InboundSms,
    OptOut,
    OutboundSms,
    Receipt,
    RefusalReason,
    SendStatus,
    Sent,
    Webhook,
)

# 1 delivered, 2 failed, 4 buffered, 8 taken by the SMSC, 16 refused by it. All are requested, and
# they come in any order.
DLR_MASK = 31
DELIVERIES = {
    "8": Delivery.SENT,
    "4": Delivery.BUFFERED,
    "2": Delivery.FAILED,
    "16": Delivery.FAILED,
    "1": Delivery.DELIVERED,
}
_ACCEPTED = re.compile(rb"\s*[034]:")  # "0: Accepted for delivery", "3: Queued for later delivery"
_REASON_CHARS_MAX = 120
# The words of smsbox for a message that it will never take, with 403 or another 4xx.
_NUMBER_REFUSED = re.compile(
    r"not routable|denied|black-?list|white-?list|not allowed", re.IGNORECASE
)
_TOO_LONG = re.compile(r"too (?:long|large|many)|maximum|exceed", re.IGNORECASE)
_ACCOUNT_REFUSED = re.compile(
    r"authori[sz]ation|authenticat|password|login|username", re.IGNORECASE
)
# A proxy between the gateway and smsbox answers with these. Nothing was taken, and the message is
# not to blame.
_LATER = {404, 425, 429, 502, 503}


class KannelOptions(Options):
    """The options of a channel for Kannel.

    `max_messages` is the setting of `group = sendsms-user` in kannel.conf. Kannel silently cuts a
    text beyond it, so the gateway refuses such a text. `receipt_url` is the receipt address of this
    channel, as Kannel reaches it.
    """

    send_url: str = Field(pattern=r"^https?://\S+$")
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    receipt_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    smsc: str | None = None
    max_messages: int = Field(default=4, ge=1, le=10)


EXAMPLE: Mapping[str, object] = {
    "username": "gateway",
    "password": "k-secret",
    "sender": "21512",
    "send_url": "http://127.0.0.1:1",
}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> "Kannel":
    return Kannel(name, read_options(KannelOptions, name, options))


class Kannel:
    """A channel for Kannel."""

    takes_get = True

    def __init__(self, name: str, options: KannelOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.thanks = Acknowledgement()
        self.capacity = Capacity(parts_max=options.max_messages)
        self._options = options

    def authentic(self, call: Webhook) -> bool:
        return True

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        return InboundSms(
            provider_id=fields.id_in(form, "id"),
            sender=fields.number(form, "from"),
            to=fields.text_of(form, "to").strip() or self.sender,
            text=fields.text_of(form, "text"),
            stamp=fields.stamp(fields.text_of(form, "ts")),
            network=fields.text_of(form, "smsc") or None,
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        """Read a delivery report.

        Its `id` is the gateway's own key, from the address that `send` gave.
        """
        status = fields.need(form, "status")
        reason = fields.text_of(form, "reply").strip()
        return Receipt(
            fields.need(form, "id"),
            DELIVERIES.get(status),
            status,
            reason[:_REASON_CHARS_MAX] or None,
        )

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        raise Refused("Kannel has no opt-out notice", status=400)

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        return await each_alone(messages, partial(self._one, http))

    async def _one(self, http: aiohttp.ClientSession, message: OutboundSms) -> Sent:
        if not message.text:
            empty = "an empty text: Kannel would send an empty SMS"
            return Sent(message.key, SendStatus.REFUSED, reason=empty, fault=RefusalReason.CONTENT)
        if lack := self.capacity.lack(message.text):  # Kannel would silently cut it.
            return Sent(message.key, SendStatus.REFUSED, reason=lack, fault=RefusalReason.LENGTH)
        url = f"{self._options.send_url}?{self.query(message)}"
        async with http.get(url, timeout=TIMEOUT, allow_redirects=False) as response:
            return understood(message, response.status, await read_limited(response.content))

    def query(self, message: OutboundSms) -> str:
        options = self._options
        form = {
            "username": options.username,
            "password": options.password.get_secret_value(),
            "from": self.sender,
            "to": message.to,
            "text": message.text,
            "charset": "UTF-8",
            "coding": "0" if count_segments(message.text).encoding == "GSM7" else "2",
        }
        if options.smsc:
            form["smsc"] = options.smsc
        if options.receipt_url:
            ours = f"{options.receipt_url}?id={quote(message.key, safe='')}".replace("%", "%%")
            form["dlr-mask"] = str(DLR_MASK)
            form["dlr-url"] = f"{ours}&status=%d&smsc_id=%F&reply=%A"
        return urlencode(form)


def understood(message: OutboundSms, status: int, body: bytes) -> Sent:
    """Read the answer of `sendsms`.

    The gateway's key stands in for the id that Kannel does not give. A 403 has two meanings, and
    only the words tell them apart. A wrong password stops the whole channel. A number that no link
    may serve ("Not routable. Do not try again.") stops only its message.
    """
    said = body.decode(errors="replace").strip()
    reason = f"HTTP {status}: {without_numbers(said)}"[:_REASON_CHARS_MAX]
    if status == HTTPStatus.ACCEPTED and _ACCEPTED.match(body):
        return Sent(message.key, SendStatus.ACCEPTED, provider_id=message.key)
    if status in _LATER or 300 <= status < 400:  # noqa: PLR2004
        return Sent(message.key, SendStatus.RETRY, reason=reason)
    if 400 <= status < 500 and status != HTTPStatus.REQUEST_TIMEOUT:  # noqa: PLR2004
        if fault := _fault(said):
            return Sent(message.key, SendStatus.REFUSED, reason=reason, fault=fault)
        if status in {401, 403} or _ACCOUNT_REFUSED.search(said):
            return Sent(message.key, SendStatus.RETRY, reason=reason, hint=Hint.PAUSE)
        return Sent(message.key, SendStatus.REFUSED, reason=reason)
    return Sent(message.key, SendStatus.UNKNOWN, provider_id=message.key, reason=reason)


def _fault(said: str) -> RefusalReason | None:
    if _ACCOUNT_REFUSED.search(said):
        return None
    if _NUMBER_REFUSED.search(said):
        return RefusalReason.NUMBER
    return RefusalReason.LENGTH if _TOO_LONG.search(said) else None
