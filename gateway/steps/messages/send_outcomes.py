"""The send outcome of a message, from the provider's answer.

It is sent, or tried again at some time, or moved to another channel, or final.
"""

from datetime import datetime, timedelta

from gateway.sms.breaker import TRIES_MAX, again_s, is_failure
from gateway.sms.morning import next_morning
from gateway.sms.port import Hint, SendStatus, Sent
from gateway.sms.prices import SegmentPrice, place_of
from gateway.steps.runtime import Channel
from gateway.store.messages.outbox import UNKNOWN_FOR, Claimed, SendOutcome


def fate(
    sms_channel: Channel,
    message: Claimed,
    sent: Sent,
    msisdn: str,
    now: datetime,
    luck: float,
    *,
    probe: bool = False,
    worked: bool = False,
) -> SendOutcome:
    """Map the provider's answer for a message to its next state.

    `luck` (0 to 1) spreads messages that failed together. `worked` says that this message failed
    before and that the channel worked since. If the provider then blames the account again, the
    message has used a try, because the message itself may be the fault. `probe` says that the
    message was sent to test a failing channel; however long the channel fails, that is no fault of
    the message.
    """
    country, network = place_of(msisdn)
    state, channel, tries, due_at = _next(sms_channel, message, sent, msisdn, now, luck)
    if sent.hint is Hint.PAUSE and worked and not probe and state == "queued":
        state, tries = ("given_up" if message.tries >= TRIES_MAX else state), message.tries
    if (
        probe
        and sent.outcome is SendStatus.RETRY
        and is_failure(sent)
        and channel == sms_channel.name
    ):
        state, tries = "queued", message.tries - 1
        due_at = now + timedelta(seconds=again_s(message.tries, luck))
    cost = (
        _cost(sms_channel, message, sent, country, network)
        if state in ("accepted", "unknown")
        else None
    )
    return SendOutcome(
        id=message.id,
        state=state,
        channel=channel,
        tries=tries,
        due_at=due_at,
        provider_id=sent.provider_id,
        reason=sent.reason,
        cost_micro=cost.micro if cost else None,
        currency=cost.currency if cost else None,
        country=country,
        network=network,
    )


def too_long_outcome(sms_channel: Channel, message: Claimed, reason: str) -> SendOutcome:
    """Return the outcome of a message that its channel cannot carry, and that was never sent."""
    return SendOutcome(
        id=message.id,
        state="refused",
        channel=sms_channel.name,
        tries=message.tries,
        due_at=None,
        provider_id=None,
        reason=reason,
        cost_micro=None,
        currency=None,
        country=None,
        network=None,
    )


def _next(  # noqa: PLR0911  # one return a fate
    sms_channel: Channel, message: Claimed, sent: Sent, msisdn: str, now: datetime, luck: float
) -> tuple[str, str, int, datetime | None]:
    """Return the state, the channel, the counted tries and the due time."""
    tries = message.tries
    match sent.outcome, sent.hint:
        case SendStatus.ACCEPTED, _:
            return "accepted", sms_channel.name, tries, None
        case SendStatus.UNKNOWN, _:
            return "unknown", sms_channel.name, tries, now + UNKNOWN_FOR
        case _, Hint.REROUTE if sms_channel.fallback and sms_channel.fallback not in message.roads:
            return "queued", sms_channel.fallback, 0, now
        case SendStatus.REFUSED, _:
            return "refused", sms_channel.name, tries, None
        case _, Hint.MORNING:
            return "queued", sms_channel.name, tries - 1, next_morning(msisdn, now)
        case _, Hint.PAUSE:  # The message is not to blame.
            again = now + timedelta(seconds=again_s(tries, luck))
            return "queued", sms_channel.name, tries - 1, again
        case _ if tries >= TRIES_MAX:
            return "given_up", sms_channel.name, tries, None
        case _:
            return "queued", sms_channel.name, tries, now + timedelta(seconds=again_s(tries, luck))


def _cost(
    sms_channel: Channel, message: Claimed, sent: Sent, country: str | None, network: str | None
) -> SegmentPrice | None:
    """Return the cost that the provider named, else that of the price list."""
    listed = sms_channel.prices.segment_price(country, network)
    if sent.cost_micro is not None and (sent.currency or listed):
        return SegmentPrice(sent.cost_micro, sent.currency or (listed.currency if listed else ""))
    return listed.times(message.segments) if listed else None
