"""The phone of a simulated worker: SMS and USSD keys, processed as those of any other phone."""

import itertools
import secrets
from dataclasses import dataclass, field

import orjson

from gateway.sms.port import Delivery, InboundSms, Receipt
from gateway.steps.messages.receipts import take_receipt
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.dial import dial
from gateway.steps.turns.hear import process_sms
from gateway.steps.turns.session_end import hang_up
from gateway.ussd.port import SessionEnd, UssdStep

_RUN = secrets.token_hex(4)
_EVENTS = itertools.count(1)


@dataclass(slots=True)
class CrowdPhone:
    """A phone with a number. Each text and key goes through the gateway's own steps."""

    rt: Runtime
    channel: Channel
    msisdn: str
    session: str = field(default="")
    keys: list[str] = field(default_factory=list[str])

    async def text(self, words: str) -> None:
        """Send an SMS."""
        assert self.channel.sms is not None
        event = f"crowd-{_RUN}-{next(_EVENTS)}"
        form = {"id": event, "from": self.msisdn, "to": self.channel.sms.sender, "text": words}
        sms = InboundSms(event, self.msisdn, self.channel.sms.sender, words, None)
        await process_sms(self.rt, self.channel, sms, orjson.dumps(form))

    async def dials(self, *keys: str) -> str:
        """Dial the service code with keys behind it, and return the screen."""
        self.session, self.keys = f"crowd-{_RUN}-{next(_EVENTS)}", list(keys)
        return await self._step()

    async def press(self, key: str) -> str:
        """Press a key, or type a text, and return the next screen."""
        self.keys.append(key)
        return await self._step()

    async def hangs_up(self) -> None:
        """End the session, as a worker who has read its last screen."""
        await hang_up(self.rt, self.channel, SessionEnd(self.session, self.msisdn, completed=True))

    async def _step(self) -> str:
        assert self.channel.ussd is not None
        step = UssdStep(
            self.session, self.msisdn, self.channel.ussd.service_code, "*".join(self.keys)
        )
        return (await dial(self.rt, self.channel, step, repr(step).encode())).screen.text


async def report_away(rt: Runtime, channel: Channel, provider_id: str) -> None:
    """Report that a message did not reach its phone, as a network does."""
    receipt = Receipt(provider_id, Delivery.FAILED, "failed", "the simulated phone is off")
    form = {"id": provider_id, "status": "failed"}
    await take_receipt(rt, channel, receipt, orjson.dumps(form))
