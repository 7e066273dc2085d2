"""The polite screen for USSD steps beyond capacity, as a gate of the turnstile."""

from dataclasses import dataclass

from gateway.api.edge.admission import Admission
from gateway.api.edge.counts import Counts
from gateway.api.edge.turnstile import HeldCall, read_held
from gateway.api.edge.written import written
from gateway.steps.runtime import Channel
from gateway.ussd.port import ShownScreen, is_end
from gateway.ussd.transcript import is_new


@dataclass(slots=True)
class TurnedAway:
    """The steps of one channel. `busy` is the screen for phones that are turned away."""

    channel: Channel
    public_url: str
    admission: Admission
    counts: Counts
    busy: ShownScreen

    @property
    def is_shut(self) -> bool:
        return self.admission.crowded

    def answer(self, call: HeldCall, request_id: str) -> bytes | None:
        channel, ussd = self.channel, self.channel.ussd
        assert ussd is not None
        read = read_held(channel, self.public_url, call)
        if read is None or is_end(ussd, read.form):
            return None
        if self.admission.admits(new=is_new(ussd.parse_step(read.form))):
            return None
        reply = ussd.render(self.busy.text, end=self.busy.end, form=read.form)
        self.counts.add((channel.name, "ussd", "turned away", ""))
        headers = tuple(reply.headers.items())
        return written(request_id, reply.body, reply.media_type, headers)
