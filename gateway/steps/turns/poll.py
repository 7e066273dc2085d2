"""The query of a provider's list of received messages.

A message whose webhook never came is stored and processed like any other. A message that did come
is in the inbox under the same id, and nothing happens to it.
"""

from dataclasses import replace

import structlog

from gateway.base.errors import Failed
from gateway.sms.port import Polls
from gateway.steps.runtime import Runtime
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.store.turns import inbox, polls

log = structlog.get_logger()

PAGES_MAX = 20


async def poll(rt: Runtime, name: str) -> int:
    """Ask the channel of that name, if it is time.

    Return the number of missed messages found.
    """
    channel = rt.channels.get(name)
    if channel is None or not isinstance(channel.sms, Polls):
        return 0
    row = await polls.claim(rt.db, name, rt.clock.now())
    if row is None:
        return 0
    found, after = 0, row.last_id
    for _ in range(PAGES_MAX):
        try:
            page = await channel.sms.received(rt.http, after)
        except Failed as failed:
            log.warning("could not ask for missed messages", channel=name, why=str(failed))
            break
        if not page:
            break
        page = [replace(missed, sms=channel.at_home(missed.sms)) for missed in page]
        # Messages from before the first poll belong to an earlier user of the number.
        ours = [m for m in page if m.sms.sent_at is None or m.sms.sent_at >= row.created_at]
        events = [
            inbox.seal_event(rt.vault, name, "sms", identity(rt, m.sms).event_id, m.raw)
            for m in ours
        ]
        found += sum(await inbox.keep_many(rt.db, events))
        after = page[-1].sms.provider_id
        await polls.note(rt.db, name, after)
    if found:
        log.warning("messages whose webhook never came", channel=name, messages=found)
        rt.jobs.enqueue("catch_up")
    return found
