"""The cheap way to turn a phone away, before its bytes become a request.

A step that is turned away inside the application costs about a tenth of one that is answered. At
ten times the capacity, turning away alone would take all the capacity there is. Here a step is read
by the same channel, counted by the same admission and answered with the same screen. It passes none
of the layers of a request, however. Steps are checked here only while new sessions are turned away.
"""

from dataclasses import dataclass, field

from gateway.api.callers.request_ids import REQUEST_ID, new_request_id
from gateway.api.edge.admission import Admission
from gateway.api.edge.counts import Counts
from gateway.base import forms
from gateway.base.errors import Refused
from gateway.steps.runtime import Channel, Runtime
from gateway.ussd.port import ShownScreen, UssdReply, is_end
from gateway.ussd.transcript import is_new

BODY_MAX = 4096
"""The longest body that is checked here. No key press of a phone is longer, so a longer body takes
the usual route.
"""


@dataclass(slots=True)
class Turnstile:
    """The addresses of the USSD steps of one process, in front of its entrance.

    `busy` is the screen for phones that are turned away.
    """

    admission: Admission
    counts: Counts
    busy: ShownScreen
    _channels: dict[bytes, Channel] = field(default_factory=dict[bytes, Channel])

    @classmethod
    def of(
        cls, rt: Runtime, admission: Admission, counts: Counts, busy: ShownScreen
    ) -> "Turnstile":
        """Return the turnstile of all USSD channels."""
        # The keys hold the secrets. A keyed hash finds them, so the time of a look-up gives a
        # guesser no hint.
        channels = {
            f"/in/{name}/{channel.secret.get_secret_value()}/ussd".encode(): channel
            for name, channel in rt.channels.items()
            if channel.ussd is not None
        }
        return cls(admission, counts, busy, channels)

    def looks_at(self, address: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
        """Return whether a request to this address must be held until its body is there."""
        if not self.admission.crowded or address not in self._channels:
            return False
        lengths = [value for name, value in headers if name == b"content-length"]
        return len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0]) <= BODY_MAX

    def turned_away(
        self, address: bytes, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> bytes | None:
        """Return the answer to a step that is turned away, or None if it takes the usual route."""
        channel = self._channels[address]
        assert channel.ussd is not None
        try:
            form = dict(forms.pairs(forms.envelope(_content_type(headers), body)))
            if is_end(channel.ussd, form):
                return None
            if self.admission.admits(new=is_new(channel.ussd.parse_step(form))):
                return None
            reply = channel.ussd.render(self.busy.text, end=self.busy.end, form=form)
        except Refused:
            return None  # The usual route gives the reason, and keeps the unreadable step.
        self.counts.add((channel.name, "ussd", "turned away", ""))
        return _answer(reply)


def _content_type(headers: list[tuple[bytes, bytes]]) -> str:
    found = next((value for name, value in headers if name == b"content-type"), b"")
    return found.decode("latin-1")


def _answer(reply: UssdReply) -> bytes:
    lines = [
        "HTTP/1.1 200 OK",
        f"content-length: {len(reply.body)}",
        f"content-type: {reply.media_type}",
        *(f"{name.lower()}: {value}" for name, value in reply.headers.items()),
        f"{REQUEST_ID}: {new_request_id()}",
    ]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + reply.body
