"""The processing of events that were stored first and answered with a 200.

Their replies go by the outbox. A runner claims the events with a lease, oldest first. The messages
of one phone are processed in order. An event that was already processed (by the webhook itself, or
by a runner whose lease ran out) has no second effect. An event that cannot be opened is set aside
as failed. An operator replays it once the key it was sealed with is back.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog

from gateway.base import logs
from gateway.base.errors import OtherKey, Refused
from gateway.base.forms import fields
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.events import own_id, process_event
from gateway.store.db import AWAY
from gateway.store.turns import inbox
from gateway.store.turns.inbox import WaitingEvent

log = structlog.get_logger()

CLAIMED_MAX = 60
AT_ONCE = 8
REST_PART = 19.0
"""The rest after each stored SMS while dialling workers have to wait, as a multiple of its
duration.

The SMS are then processed one at a time. They use a twentieth of a runner's capacity, and of the
database's. They get the whole capacity when the rush is over.
"""
CLAIMED_BESIDE_PHONES = 10
# The lease is longer than the processing of a claim. A runner that was killed holds its events no
# longer than this.
LEASE = timedelta(seconds=30)
TRIES_MAX = 20
# Ten claimed events and their rests end well within their lease.
_REST_MAX_S = 1.0
_FOR_S = 5.0  # After this time the other jobs get their turn.


async def catch_up(rt: Runtime) -> int:
    """Process the waiting events and return their number.

    Enqueue the job again when more are waiting.
    """
    loop = asyncio.get_running_loop()
    end, taken = loop.time() + _FOR_S, 0
    while loop.time() < end:
        now, waits = rt.clock.now(), await rt.pressure.phones_wait()
        most = CLAIMED_BESIDE_PHONES if waits else CLAIMED_MAX
        rows = await inbox.claim_waiting(rt.db, now, now + LEASE, most)
        if not rows:
            return taken
        if waits:
            await _take_slowly(rt, rows)
        else:
            await _take_all(rt, rows)
        taken += len(rows)
    rt.jobs.enqueue("catch_up")
    return taken


async def _take_all(rt: Runtime, rows: Sequence[WaitingEvent]) -> None:
    """Process events in parallel lanes: one lane per phone, a bounded number at a time."""
    lanes: dict[str, list[WaitingEvent]] = defaultdict(list)
    for row in rows:
        lanes[_sender(rt, row)].append(row)
    gate = asyncio.Semaphore(AT_ONCE)

    async def take_lane(lane: list[WaitingEvent]) -> None:
        async with gate:
            for row in lane:
                await _take_one(rt, row)

    await asyncio.gather(*map(take_lane, lanes.values()))


async def _take_slowly(rt: Runtime, rows: Sequence[WaitingEvent]) -> None:
    """Process events one after the other, with rests that end with the rush."""
    loop = asyncio.get_running_loop()
    for row in rows:
        began = loop.time()
        await _take_one(rt, row)
        if await rt.pressure.phones_wait():
            await rest(loop.time() - began)


async def rest(took_s: float) -> None:
    """Leave processor and database to dialling workers after an event of `took_s` seconds."""
    await asyncio.sleep(min(_REST_MAX_S, REST_PART * took_s))


def _sender(rt: Runtime, row: WaitingEvent) -> str:
    """Return the sender of an SMS; any other event gets a lane of its own."""
    channel = rt.channels.get(row.channel)
    if row.kind == "sms" and channel is not None and channel.sms is not None:
        try:
            return channel.sms_in(fields(_raw(rt, row))).sender
        except (OtherKey, Refused):
            pass  # The error occurs again, and is written down, when the event is processed.
    return f"event {row.id}"


def _raw(rt: Runtime, row: WaitingEvent) -> bytes:
    return rt.vault.open_body(row.body_sealed)


async def _take_one(rt: Runtime, row: WaitingEvent) -> None:
    with logs.bound(event_id=row.event_id, channel=row.channel, kind=row.kind):
        log.info("stored event taken up", tries=row.tries)
        await _take_bound(rt, row)


async def _take_bound(rt: Runtime, row: WaitingEvent) -> None:
    kind = row.kind
    if row.tries > TRIES_MAX:
        await inbox.mark_failed(rt.db, row.id, f"tried {TRIES_MAX} times")
        return
    if kind == "payout":
        # The process of this callback died after it was kept. It is only a hint: the provider is
        # asked in any case when the payout is due.
        await inbox.done(rt.db, row.channel, kind, row.event_id)
        return
    try:
        raw = _raw(rt, row)
        channel = _channel(rt, row.channel)
        own = own_id(rt, channel, kind, raw, row.event_id)
        await process_event(rt, channel, kind, raw, own)
        # An SMS is marked as done in its own transaction, or waits for its next turn. An SMS that
        # was kept unread stands under another id than its own: the database died during its
        # processing, or it was kept before an upgrade.
        if row.event_id != own:
            await inbox.done(rt.db, row.channel, kind, row.event_id)
    except AWAY as away:
        log.warning("event waits for the database", channel=row.channel, why=str(away))
    except (OtherKey, Refused) as refused:
        await inbox.mark_failed(rt.db, row.id, str(refused))
    except Exception as broken:  # A programming fault in one event must not hold up the others.
        log.exception("event failed", channel=row.channel, kind=kind)
        await inbox.mark_failed(rt.db, row.id, str(broken) or repr(broken))


def _channel(rt: Runtime, name: str) -> Channel:
    channel = rt.channels.get(name)
    if channel is None:
        raise Refused(f"no channel {name!r} is set up")
    return channel
