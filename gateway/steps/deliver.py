"""Drains a channel's outbox: claims due messages in batches, sends them, writes down what the provider said."""

from datetime import timedelta

import structlog

from gateway.runtime import Runtime
from gateway.sms.port import OutboundSms, Outcome, Sent
from gateway.steps.retry import until_settled
from gateway.store import leases, outbox

log = structlog.get_logger()

_BATCH = 100
_LEASE = timedelta(seconds=60)
_AGAIN = timedelta(seconds=15)
# A drain gives way before RQ's time-out, so that no message is cut off half sent.
_DRAIN = timedelta(seconds=20)


async def deliver(rt: Runtime, channel: str) -> int:
    """Send what is due on a channel; how many messages were handed over."""
    sms = rt.channels[channel].sms if channel in rt.channels else None
    if sms is None:
        log.error("messages wait for a channel that is not set up", channel=channel)
        return 0
    stop_at, handed = rt.clock.now() + _DRAIN, 0
    while (now := rt.clock.now()) < stop_at:
        rows = await outbox.claim(rt.db, channel, now, now + _LEASE, _BATCH)
        if not rows:
            break
        numbers = {str(row["id"]): rt.vault.open(row["to_sealed"]) for row in rows}
        messages = [
            OutboundSms(str(row["id"]), numbers[str(row["id"])], row["text"]) for row in rows
        ]
        sent = await sms.send(rt.http, messages)
        await outbox.settle(rt.db, sent, now + _AGAIN)
        if refused := [int(one.key) for one in sent if one.outcome is Outcome.REFUSED]:
            await until_settled(lambda ids=refused, at=now: leases.refused(rt.db, ids, at))
        await _opt_outs(rt, channel, sent, numbers)
        handed += len(sent)
    return handed


async def _opt_outs(rt: Runtime, channel: str, sent: list[Sent], numbers: dict[str, str]) -> None:
    for one in sent:
        if one.opted_out:
            await outbox.opt_out(
                rt.db, rt.vault.index(numbers[one.key]), channel, one.reason or "carrier"
            )
