"""The processing of a provider's event by its kind: for webhooks, stored events and replays."""

from collections.abc import Sequence
from datetime import UTC

from gateway.base.errors import Refused
from gateway.base.forms import fields, made_id
from gateway.base.msisdn import normalise
from gateway.conversation.people.joining import ASKS_TO_JOIN
from gateway.sms.port import InboundSms, Subscription, TellsSubscriptions
from gateway.steps.messages.receipts import take_receipt
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.steps.turns.arrival.split_calls import sort
from gateway.steps.turns.hear import process_sms
from gateway.steps.turns.ussd_deadline import take_late
from gateway.store.messages import outbox
from gateway.store.turns import inbox

KINDS = ("sms", "ussd", "receipt", "opt-out", "subscription")


async def process_event(
    rt: Runtime, channel: Channel, kind: str, raw: bytes, kept_as: str | None = None
) -> bool:
    """Parse and process one event; return False where it was processed before.

    Raises Refused for an event that cannot be read. `kept_as` is the event's id under which it was
    stored.
    """
    if kind == "ussd":
        await take_late(rt, channel, raw)
        return True
    if channel.sms is None or kind not in KINDS:
        raise Refused(f"channel {channel.name!r} takes no {kind}", status=404)
    found = sort(channel, kind, raw)
    if len(found) > 1:
        await _take_each(rt, channel, found)
        return True
    kind, raw = found[0]
    form = fields(raw)
    if kind == "sms":
        return await process_sms(rt, channel, channel.sms_in(form), raw, kept_as)
    if kind == "receipt":
        await take_receipt(rt, channel, channel.sms.parse_receipt(form), raw)
    elif kind == "opt-out":
        await _stop(rt, channel, channel.sms.parse_opt_out(form).msisdn, "opt-out hook")
    else:
        if not isinstance(channel.sms, TellsSubscriptions):
            raise Refused(f"channel {channel.name!r} takes no {kind}", status=404)
        await _subscription(rt, channel, channel.sms.parse_subscription(form), raw)
    return True


def own_id(rt: Runtime, channel: Channel, kind: str, raw: bytes, kept_as: str) -> str | None:
    """Return the id of the event in a call that is one SMS and was stored as `kept_as`.

    Return None for any other call.
    """
    if kind != "sms" or channel.sms is None:
        return None
    found = sort(channel, "sms", raw)
    if len(found) > 1 or found[0][0] != "sms":
        return None
    return identity(rt, channel.sms_in(fields(found[0][1])), kept_as).event_id


async def _take_each(rt: Runtime, channel: Channel, found: Sequence[tuple[str, bytes]]) -> None:
    """Process the events of one call one by one.

    An event that cannot be read is kept alone and does not hold up the others.
    """
    for kind, raw in found:
        try:
            await process_event(rt, channel, kind, raw)
        except Refused as bad:
            await inbox.keep_failed(
                rt.db, rt.vault, channel.name, kind, inbox.digest_id(raw), raw, str(bad)
            )


async def _stop(rt: Runtime, channel: Channel, number: str, source: str) -> None:
    msisdn = normalise(channel.number(number), rt.settings.region)
    await outbox.opt_out(rt.db, rt.vault.index(msisdn), channel.name, source)


async def _subscription(rt: Runtime, channel: Channel, said: Subscription, raw: bytes) -> None:
    """Process a subscription notice.

    A worker who unsubscribes has stopped. A worker who subscribes has asked to join, as if by
    texting JOIN: the gateway's own question for consent follows. The notice has no id and no date,
    so an equal notice within a day counts as the same.
    """
    assert channel.sms is not None
    if not said.added:
        await _stop(rt, channel, said.msisdn, "subscription ended")
        return
    today = rt.clock.now().astimezone(UTC).date().isoformat()
    same = made_id("subscription", said.msisdn, said.sender, said.keyword, today)
    joins = InboundSms(same, channel.number(said.msisdn), said.sender, ASKS_TO_JOIN, None)
    await process_sms(rt, channel, joins, raw)
