"""Phones that dial through an aggregator which carries USSD over HTTP.

The formats are in `ussd_formats`.

    async with UssdHttp("hubtel", "https://gw.example.org/in/hubtel/SECRET/ussd") as carrier:
        session = await carrier.dial("+254711000001", "*713*10#")
        screen = await session.press("1")
"""

from secrets import token_hex
from types import TracebackType
from typing import Self

import aiohttp

from gateway.simulator.carriers.ussd_formats import FORMATS, Dialogue, Unreadable, UssdRequest
from gateway.simulator.phones import PhoneScreen

HTTP_OK = 200


class UssdHttp:
    """An aggregator in front of the gateway's address for USSD."""

    def __init__(self, kind: str, url: str) -> None:
        self.format, self.url = FORMATS[kind], url
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def dial(self, msisdn: str, code: str, *ahead: str) -> "UssdHttpDialogue":
        """Dial a code, optionally with keys behind it, and return the new session."""
        session = UssdHttpDialogue(self, Dialogue(token_hex(8), msisdn, code, list(ahead)))
        await session.send()
        return session

    async def carry(self, call: UssdRequest) -> tuple[int, str, str]:
        """Post a call and return the status, content type and body of the gateway's answer."""
        assert self._http is not None
        url = f"{self.url}?{call.query}" if call.query else self.url
        headers = {"Content-Type": call.content_type} if call.content_type else {}
        body = call.body or None
        async with self._http.request(call.method, url, data=body, headers=headers) as reply:
            return reply.status, reply.headers.get("Content-Type", ""), await reply.text()


class UssdHttpDialogue:
    """A dialogue of one phone with the gateway."""

    def __init__(self, carrier: UssdHttp, dialogue: Dialogue) -> None:
        self.carrier, self.dialogue = carrier, dialogue
        self.screen = PhoneScreen("", open=True, took_s=0.0)
        self._last: UssdRequest | None = None

    async def press(self, *keys: str) -> PhoneScreen:
        """Type one input after the other and return the last screen.

        Raises RuntimeError when the session is over.
        """
        for key in keys:
            if not self.screen.open:
                raise RuntimeError(f"the session is over: {self.screen.text!r}")
            self.dialogue.typed.append(key)
            await self.send()
        return self.screen

    async def send(self) -> PhoneScreen:
        self._last = self.carrier.format.step(self.dialogue)
        self.dialogue.hops += 1
        self.screen = await self._carried(self._last)
        return self.screen

    async def repeat(self) -> PhoneScreen:
        """Send the last call again, byte for byte.

        An aggregator does this when it missed the gateway's answer.
        """
        assert self._last is not None
        return await self._carried(self._last)

    async def hang_up(self) -> int:
        """Notify the gateway that the session is over, and return the status of its answer.

        Returns 0 for an aggregator that does not report the end of a session.
        """
        if self.carrier.format.end is None:
            return 0
        status, _, _ = await self.carrier.carry(self.carrier.format.end(self.dialogue))
        return status

    async def _carried(self, call: UssdRequest) -> PhoneScreen:
        status, content_type, body = await self.carrier.carry(call)
        if status != HTTP_OK:
            return _broken(f"HTTP {status}")
        try:
            text, goes_on = self.carrier.format.read(self.dialogue, content_type, body)
        except Unreadable as bad:
            return _broken(str(bad))
        return PhoneScreen(text, open=goes_on, took_s=0.0)


def _broken(why: str) -> PhoneScreen:
    return PhoneScreen("Connection problem or invalid MMI code.", open=False, took_s=0.0, fault=why)
