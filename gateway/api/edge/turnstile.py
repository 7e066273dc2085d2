"""The cheap way to answer a call in a rush, before its bytes become a request.

A step that is turned away inside the application costs a tenth of one that is answered, and an SMS
that is only stored costs as much. At ten times the capacity, that alone would take all the capacity
there is. Here such a call is read by the same channel, decided by the same rules and answered with
the same words. It passes none of the layers of a request, however. Calls are checked here only
while they would be turned away, or stored for later. Anything unusual takes the usual route.

A provider sends nearly the same head with each call. A head that the HTTP parser has read once is
known from then on, and equal bytes are not read again. Only the request id may differ, which a web
server in front of the gateway gives each call.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from starlette.datastructures import Headers

from gateway.api.callers.request_ids import cut_request_id, given_request_id
from gateway.api.edge.admission import Admission
from gateway.base import forms
from gateway.sms.port import Webhook
from gateway.steps.runtime import Channel

BODY_MAX = 4096
"""The longest body that is checked here. No key press or SMS is longer, so a longer body takes the
usual route.
"""
_HEADS_MAX, _HEAD_BYTES_MAX = 1024, 2048
_END = b"\r\n\r\n"

QuickAnswer = bytes | asyncio.Future[bytes]
"""The bytes of an answer, or those that will be the answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """The address and headers of a call that may be answered here."""

    gate: "Gate"
    path: str
    headers: Headers
    content_type: str
    length: int
    keeps_alive: bool


class Gate(Protocol):
    """One address whose calls may be answered here."""

    @property
    def is_shut(self) -> bool:
        """Return whether calls are answered here at the moment."""
        ...

    def answer(self, call: "HeldCall", request_id: str) -> QuickAnswer | None:
        """Return the answer to a call, or None for one that takes the usual route.

        An error sends the call there as well.
        """
        ...


@dataclass(slots=True)
class HeldCall:
    """A call that is checked here. `given_id` is the request id that its caller gave, or ""."""

    head: Head
    body: bytes = b""
    given_id: str = ""


@dataclass(slots=True)
class Turnstile:
    """The gates of one process, by their addresses, in front of its entrance."""

    admission: Admission
    gates: Mapping[bytes, Gate]
    """The keys hold the secrets. A keyed hash finds them, so the time of a look-up gives a guesser
    no hint.
    """
    _known: dict[bytes, Head] = field(default_factory=dict[bytes, Head])

    def held(
        self, address: bytes, headers: list[tuple[bytes, bytes]], *, keeps_alive: bool
    ) -> HeldCall | None:
        """Return a call that must be held until its body is there, or else None."""
        gate = self.gates.get(address)
        if gate is None or not gate.is_shut:
            return None
        lengths = [value for name, value in headers if name == b"content-length"]
        if len(lengths) != 1 or not lengths[0].isdigit() or int(lengths[0]) > BODY_MAX:
            return None
        if any(name == b"transfer-encoding" for name, _ in headers):
            return None
        read = Headers(raw=[*headers])
        kind = read.get("content-type", "")
        head = Head(gate, address.decode(), read, kind, int(lengths[0]), keeps_alive)
        return HeldCall(head, given_id=given_request_id(headers))

    def remember(self, call: bytes, head: Head) -> None:
        """Note that the parser read these bytes as one call with this head."""
        end = call.find(_END) + len(_END)
        if end > _HEAD_BYTES_MAX or len(call) - end != head.length:
            return
        if len(self._known) >= _HEADS_MAX:
            self._known.clear()
        self._known[cut_request_id(call[:end])[0]] = head

    def answer(self, call: HeldCall, request_id: str) -> QuickAnswer | None:
        """Return the answer to a call, or None when it takes the usual route."""
        try:
            return call.head.gate.answer(call, request_id)
        except Exception:  # noqa: BLE001  # the usual route gives the reason, and keeps the call
            return None

    def known(self, data: bytes) -> HeldCall | None:
        """Return exactly one call whose head is known, or else None."""
        if not self._known:
            return None
        end = data.find(_END) + len(_END)
        if end > _HEAD_BYTES_MAX:
            return None
        key, given_id = cut_request_id(data[:end])
        head = self._known.get(key)
        if head is None or len(data) - end != head.length or not head.gate.is_shut:
            return None
        return HeldCall(head, data[end:], given_id)


@dataclass(frozen=True, slots=True)
class ReadCall:
    """The fields of a call, and its body as it is kept."""

    form: dict[str, str]
    raw: bytes


def read_held(channel: Channel, public_url: str, call: HeldCall) -> ReadCall | None:
    """Return the fields of a call, or None when its signature does not hold.

    Raises Refused for a body that cannot be read. `public_url` is the gateway's address as the
    provider was given it, without a slash at its end.
    """
    head, body = call.head, call.body
    raw = forms.envelope(head.content_type if body else "", body)
    pairs = forms.pairs(raw)
    if channel.sms is not None:
        signed = Webhook(public_url + head.path, head.headers, pairs, body)
        if not channel.sms.authentic(signed):
            return None
    return ReadCall(dict(pairs), raw)
