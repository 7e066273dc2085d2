"""Simulated feature phones, as an API for tests and replays.

    async with CarrierServer(hooks=Hooks.under(gateway_url, sms="at/s1", ussd="at/s1")) as carrier:
        amina = carrier.phone("+254711000001")
        await amina.text("21512", "JOIN KIBERA")
        welcome = await amina.next_sms()
        session = await amina.dial("*384*123#")
        screen = await session.press("1")
        await session.hang_up()

A phone never decides anything. It shows the messages and screens it received, and keeps a diary.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from gateway.simulator.diary import Sms, UssdExchange


@dataclass(frozen=True, slots=True)
class PhoneScreen:
    """A screen on the phone: `text` without the CON or END, and `open` when it waits for a key."""

    text: str
    open: bool
    took_s: float
    fault: str = ""  # the reason why the network ended the session, when the gateway broke a rule


class ServiceCodes(Protocol):
    """The service codes that a carrier serves."""

    def split_code(self, code: str) -> tuple[str, str]:
        """Return the served code that a dialled code begins with, and the inputs typed ahead."""
        ...


class Carrier(Protocol):
    """A carrier, as its phones know it."""

    @property
    def terms(self) -> ServiceCodes:
        """Return the service codes of this carrier."""
        ...

    def now(self) -> float:
        """Return the seconds since the carrier started."""
        ...

    def new_ref(self, kind: str) -> str:
        """Return a reference that was not used before."""
        ...

    async def carry_up(self, phone: "Phone", to: str, text: str, ref: str | None) -> Sms:
        """Post a phone's SMS to the gateway."""
        ...

    async def carry_hop(self, session: "UssdDialogue", transcript: str) -> PhoneScreen:
        """Post one USSD step to the gateway and return its screen."""
        ...

    async def end_session(self, session: "UssdDialogue", status: str, error: str = "") -> None:
        """Tell the gateway that a session has ended."""
        ...


class Phone:
    """A handset with one SIM, made by `CarrierServer.phone`."""

    def __init__(self, msisdn: str, carrier: Carrier, network: str) -> None:
        self.msisdn = msisdn
        self.carrier = carrier
        self.network = network
        self.inbox: list[Sms] = []
        self.sent: list[Sms] = []
        self.hops: list[UssdExchange] = []
        self._unread: deque[Sms] = deque()
        self._waiting: deque[asyncio.Future[Sms]] = deque()

    @property
    def diary(self) -> list[Sms | UssdExchange]:
        """Return everything that happened on this phone, in order of time."""
        return sorted((*self.inbox, *self.sent, *self.hops), key=lambda entry: entry.at)

    async def text(self, to: str, text: str, ref: str | None = None) -> Sms:
        """Send an SMS and wait until the gateway took it, or the carrier gave up.

        A repeated `ref` plays a carrier that missed the gateway's 200 and sends the SMS again.
        """
        sms = await self.carrier.carry_up(self, to, text, ref)
        self.sent.append(sms)
        return sms

    async def dial(self, code: str) -> "UssdDialogue":
        """Dial a code and return the session, which shows the first screen as its `screen`.

        A code that is longer than a served one opens the served code and types the rest ahead: with
        `*384*123#` served, `*384*123*5*12#` types 5 and 12.
        """
        service, ahead = self.carrier.terms.split_code(code)
        session = UssdDialogue(self, service, self.carrier.new_ref("ATUid"))
        session.typed = [ahead] if ahead else []
        await session.send()
        return session

    async def next_sms(self, timeout_s: float = 5.0) -> Sms:
        """Return the oldest unread SMS.

        Raises TimeoutError when none arrives within `timeout_s`.
        """
        if self._unread:
            return self._unread.popleft()
        ring: asyncio.Future[Sms] = asyncio.get_running_loop().create_future()
        self._waiting.append(ring)
        return await asyncio.wait_for(ring, timeout_s)

    def receive(self, sms: Sms) -> None:
        """Take an SMS that the carrier delivers."""
        self.inbox.append(sms)
        while self._waiting:
            ring = self._waiting.popleft()
            if not ring.done():  # A waiter that is done gave up before this SMS came.
                ring.set_result(sms)
                return
        self._unread.append(sms)


class UssdDialogue:
    """A USSD dialogue."""

    def __init__(self, phone: Phone, service: str, ref: str) -> None:
        self.phone = phone
        self.service = service
        self.ref = ref
        self.typed: list[str] = []
        self.screen = PhoneScreen("", open=True, took_s=0.0)
        self.raw = ""
        self.hops = 0
        self.metadata: list[str] = []
        self.started_at = phone.carrier.now()
        self.ended = False

    @property
    def transcript(self) -> str:
        """Return all inputs joined by `*`. A typed `*` cannot be distinguished from a joint."""
        return "*".join(self.typed)

    async def press(self, text: str) -> PhoneScreen:
        """Type an input and send it. Raises RuntimeError when the session is over."""
        if not self.screen.open or self.ended:
            raise RuntimeError(f"the session {self.ref} is over: {self.screen.text!r}")
        self.typed.append(text)
        return await self.send()

    async def repeat(self) -> PhoneScreen:
        """Send the last step again, word for word, as a network does."""
        return await self.phone.carrier.carry_hop(self, self.transcript)

    async def say(self, transcript: str) -> PhoneScreen:
        """Send any transcript in this session, for example a stale or diverging one."""
        return await self.phone.carrier.carry_hop(self, transcript)

    async def hang_up(self) -> None:
        """End the session, as when the worker presses the red key or the radio drops."""
        await self.phone.carrier.end_session(self, "Incomplete")

    async def send(self) -> PhoneScreen:
        self.screen = await self.phone.carrier.carry_hop(self, self.transcript)
        if not self.screen.open:
            status = "Failed" if self.screen.fault else "Success"
            await self.phone.carrier.end_session(self, status, self.screen.fault)
        return self.screen
