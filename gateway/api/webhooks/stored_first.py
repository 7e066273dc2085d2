"""The receipt of SMS that are only stored, as a gate of the turnstile.

In a rush an SMS is stored first and processed later. Its way through the application would then
cost more than the storing.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import structlog

from gateway.api.edge.counts import Counts
from gateway.api.edge.places import RequestLimit, RouteClass
from gateway.api.edge.turnstile import HeldCall, read_held
from gateway.api.edge.written import written
from gateway.api.webhooks.intake import Intake
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.steps.turns.arrival.split_calls import sort

log = structlog.get_logger()


@dataclass(slots=True)
class StoredFirst:
    """The SMS of one channel."""

    rt: Runtime
    channel: Channel
    public_url: str
    intake: Intake
    counts: Counts
    places: RequestLimit

    @property
    def is_shut(self) -> bool:
        return self.intake.stores_first

    def answer(self, call: HeldCall, request_id: str) -> asyncio.Future[bytes] | None:
        channel = self.channel
        read = read_held(channel, self.public_url, call)
        # Several events in one call, and reports among them, are the usual route's.
        if read is None or sort(channel, "sms", read.raw) != [("sms", read.raw)]:
            return None
        event_id = identity(self.rt, channel.sms_in(read.form)).event_id
        answer = asyncio.get_running_loop().create_future()
        with ExitStack() as held:
            held.enter_context(self.places.taken(RouteClass.WEBHOOK))
            stored = self.intake.store(channel.name, "sms", event_id, read.raw)
            told = partial(self._stored, event_id, request_id, answer, held.pop_all())
            stored.add_done_callback(told)
        return answer

    def _stored(
        self,
        event_id: str,
        request_id: str,
        answer: asyncio.Future[bytes],
        held: ExitStack,
        stored: asyncio.Future[bool],
    ) -> None:
        """Answer the provider, once the SMS is durable or could be kept nowhere."""
        assert self.channel.sms is not None
        held.close()
        if stored.cancelled():
            answer.cancel()
            return
        name, bad = self.channel.name, stored.exception()
        if bad is not None:
            log.error(
                "event could not be kept",
                channel=name,
                kind="sms",
                why=str(bad),
                request_id=request_id,
            )
            self.counts.add((name, "sms", "put off", ""))
            again = written(request_id, b"try again", "text/plain", status=503)
            answer.set_result(again)
            return
        new = stored.result()
        self.intake.note_stored(name, "sms", event_id, new=new, request_id=request_id)
        self.counts.add((name, "sms", "taken" if new else "repeated", ""))
        thanks = self.channel.sms.thanks
        answer.set_result(written(request_id, thanks.body, thanks.media_type))
