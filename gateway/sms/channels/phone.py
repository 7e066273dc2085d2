"""The built-in phone: SMS that never leave the machine, for trials, demonstrations and tests.

The simulated handset posts a plain form {id, from, to, text}. It reads its incoming messages from
the gateway's own outbox rows. A receipt is {id, status} with the gateway's own words for the
status.
"""

from collections.abc import Mapping, Sequence

import aiohttp
from pydantic import Field

from gateway.base import forms as fields
from gateway.base.errors import Refused
from gateway.base.options import Options, read_options
from gateway.gsm.segments import Capacity
from gateway.sms.port import (
    Acknowledgement,
    Delivery,
    InboundSms,
    OptOut,
    OutboundSms,
    Receipt,
    SendStatus,
    Sent,
    Webhook,
)


class PhoneSmsOptions(Options):
    """The options of the built-in phone."""

    sender: str = Field(default="20880", min_length=1)


EXAMPLE: Mapping[str, object] = {}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> "PhoneSms":
    return PhoneSms(name, read_options(PhoneSmsOptions, name, options))


class PhoneSms:
    """The channel of the built-in phone."""

    reads_outbox = True

    def __init__(self, name: str, options: PhoneSmsOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.capacity = Capacity()
        self.thanks = Acknowledgement()

    def authentic(self, call: Webhook) -> bool:
        return True

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        return InboundSms(
            provider_id=fields.id_in(form, "id"),
            sender=fields.number(form, "from"),
            to=fields.text_of(form, "to").strip() or self.sender,
            text=fields.text_of(form, "text"),
            stamp=None,
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        status = fields.need(form, "status")
        known = status in Delivery.__members__.values()
        return Receipt(fields.need(form, "id"), Delivery(status) if known else None, status)

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        raise Refused("the built-in phone has no opt-out notice; it texts STOP", status=400)

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        return [Sent(m.key, SendStatus.ACCEPTED, provider_id=m.key) for m in messages]
