"""The settlement of messages whose send outcome is unknown.

The provider is asked where possible. Otherwise prompts and replies are sent again. Notices about
money wait for a receipt and are lost after a day: they are never sent twice on a guess.
"""

from datetime import timedelta

import structlog

from gateway.base.errors import OtherKey
from gateway.sms.breaker import TRIES_MAX
from gateway.sms.port import LooksUpMessages, OutboundSms, SendStatus
from gateway.steps.runtime import Runtime
from gateway.store.messages import outbox
from gateway.store.messages.outbox import UnknownMessage

log = structlog.get_logger()

_AT_ONCE = 100
_ASK_AGAIN = timedelta(minutes=5)


async def settle_unknown(rt: Runtime) -> int:
    """Settle the messages whose time has come and return the number that will be sent again."""
    now, again = rt.clock.now(), set[str]()
    await outbox.notice_the_lost(rt.db, now)
    count = 0
    for row in await outbox.unknown(rt.db, now, _AT_ONCE):
        if await _settle(rt, row):
            again.add(row.channel)
            count += 1
    for channel in again:
        rt.jobs.enqueue("deliver", channel)
    return count


async def _settle(rt: Runtime, row: UnknownMessage) -> bool:
    """Settle one message; return True if it is sent again."""
    now, message = rt.clock.now(), row.id
    channel = rt.channels.get(row.channel)
    sms = channel.sms if channel else None
    surely_not = False
    if isinstance(sms, LooksUpMessages):
        try:
            asked = OutboundSms(str(message), rt.vault.open(row.to_sealed), row.text)
        except OtherKey:
            await outbox.settle_unknown(
                rt.db,
                message,
                "unknown",
                due_at=now + outbox.OTHER_KEY_FOR,
                reason=outbox.OTHER_KEY,
            )
            return False
        known = await outbox.known_ids(rt.db, message)
        sent = await sms.ask(rt.http, asked, row.sent_at, known)
        if sent.outcome is SendStatus.ACCEPTED:
            await outbox.settle_unknown(
                rt.db, message, "accepted", provider_id=sent.provider_id, reason=sent.reason
            )
            return False
        surely_not = sent.outcome is SendStatus.RETRY
    if surely_not or (row.purpose != "money" and not isinstance(sms, LooksUpMessages)):
        if row.tries >= TRIES_MAX:
            await outbox.settle_unknown(rt.db, message, "given_up" if surely_not else "lost")
            return False
        await outbox.settle_unknown(rt.db, message, "queued", due_at=now)
        return True
    if now - row.sent_at >= outbox.LOST_AFTER:
        await outbox.settle_unknown(rt.db, message, "lost")
        return False
    # A receipt may come at any time; where the provider can be asked, it is asked again meanwhile.
    until = row.sent_at + outbox.LOST_AFTER
    later = min(now + _ASK_AGAIN, until) if isinstance(sms, LooksUpMessages) else until
    await outbox.settle_unknown(rt.db, message, "unknown", due_at=later)
    return False
