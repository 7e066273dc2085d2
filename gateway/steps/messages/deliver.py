"""The job that empties a channel's outbox: claim due messages, send them, record the answers.

All runners may serve a channel without a limit at once, each with some batches on their way. A
channel with a limit is held by one runner at a time. That runner sends in small groups at the
channel's pace (`sms/pace.py`), and passes on to the next runner the segments that still count. None
of this is in Redis.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from gateway.base import logs
from gateway.base.errors import OtherKey
from gateway.base.failpoints import reach
from gateway.sms.breaker import BreakerState, state_after
from gateway.sms.pace import Pace
from gateway.sms.port import OutboundSms, SmsChannel
from gateway.steps.messages import send_outcomes, shorter
from gateway.steps.messages.origins import origin, origins
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Channel, Runtime
from gateway.store.messages import outbox
from gateway.store.messages.outbox import Claim, Claimed
from gateway.store.turns import leases

log = structlog.get_logger()

_BATCH = 200
_BATCHES_AT_ONCE = 2
# The lease is longer than any `send` takes: see sms/lost.py.
_LEASE = timedelta(seconds=60)
# A drain ends before RQ's time-out, so that no message is cut off half sent.
_DRAIN_S = 20.0
# For a channel with a limit: the time that is claimed ahead, the length of a group, and the time
# for which the channel is held without a renewal.
_AHEAD_S, _CHUNK_S, _HOLD_S = 0.25, 0.025, 10.0


async def deliver(rt: Runtime, channel: str) -> int:
    """Send the messages that are due on a channel, and return the number handed over."""
    sms_channel = rt.channels.get(channel)
    if sms_channel is None or sms_channel.sms is None:
        log.error("messages wait for a channel that is not set up", channel=channel)
        return 0
    drain = ChannelDelivery(rt, sms_channel, sms_channel.sms)
    more = await (
        drain.send_at_pace(sms_channel.per_second)
        if sms_channel.per_second
        else drain.send_unlimited()
    )
    if more:
        rt.jobs.enqueue("deliver", channel)
    elif sms_channel.fallback and await outbox.move_on(
        rt.db, channel, sms_channel.fallback, rt.clock.now()
    ):
        log.warning("a channel is broken: its messages go by another", channel=channel)
        rt.jobs.enqueue("deliver", sms_channel.fallback)
    return drain.handed


@dataclass
class ChannelDelivery:
    """The work of one runner on one channel."""

    rt: Runtime
    sms_channel: Channel
    sms: SmsChannel
    handed: int = 0
    _stop_at: float = field(default_factory=lambda: time.monotonic() + _DRAIN_S)
    _working: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def send_unlimited(self) -> bool:
        """Send as fast as the provider answers; return True if more messages may be due."""
        more = True
        try:
            while more and time.monotonic() < self._stop_at:
                claim = await self._claim(_BATCH)
                more = claim is not None
                if claim:
                    self._start(self._send(claim, claim.messages))
                await self._until_free(_BATCHES_AT_ONCE if more else 1)
        finally:
            await self._until_free(1)
        return more

    async def send_at_pace(self, limit: int) -> bool:
        """Send at most `limit` segments in any second; return True if more messages may be due."""
        holder = uuid4()
        held = await outbox.hold_channel(self.rt.db, self.sms_channel.name, holder, _HOLD_S)
        if held is None:
            return False
        pace, now = Pace(limit), time.monotonic()
        if held.pace is None:
            pace.full(now)
        else:
            pace.recall(now, [(left_s - held.since_s, each) for left_s, each in held.pace])
        try:
            return await self._send_chunks(pace, holder)
        finally:
            await self._until_free(1)
            memory = pace.memory(time.monotonic())
            await outbox.release_channel(self.rt.db, self.sms_channel.name, holder, memory)

    async def _send_chunks(self, pace: Pace, holder: UUID) -> bool:
        ahead = max(1, round(pace.limit * _AHEAD_S))
        chunk = max(1, round(pace.limit * _CHUNK_S))
        coming = asyncio.ensure_future(self._claim_for(holder, ahead))
        waiting: list[tuple[Claim, Claimed]] = []
        surely_ours_until = time.monotonic() + _HOLD_S / 2
        more = True
        try:
            while (now := time.monotonic()) < self._stop_at:
                if not waiting or (coming.done() and len(waiting) <= chunk):
                    claim, asked_at = await coming
                    more = claim is not None
                    if claim:
                        surely_ours_until = asked_at + _HOLD_S / 2
                        # A message of a higher priority goes in front of those that were claimed
                        # before it.
                        waiting += [(claim, message) for message in claim.messages]
                        waiting.sort(key=lambda each: each[1].priority)
                        coming = asyncio.ensure_future(self._claim_for(holder, ahead))
                if not waiting:
                    break
                if now > surely_ours_until:
                    # This process was stopped for seconds, and another may hold the channel by now.
                    break
                taken = _first(waiting, chunk)
                segments = sum(message.segments for _, message in taken)
                wait_s = pace.wait_s(time.monotonic(), segments)
                if wait_s:
                    await self._pause(wait_s)
                    continue
                del waiting[: len(taken)]
                self._start(self._send_at_pace(pace, taken, segments))
                await asyncio.sleep(0)
        finally:
            claim, _ = await coming
            unsent = [message for _, message in waiting] + (claim.messages if claim else [])
            if unsent:
                await outbox.give_back(self.rt.db, unsent)
        return more or bool(unsent)

    async def _claim_for(self, holder: UUID, segments: int) -> tuple[Claim | None, float]:
        asked_at = time.monotonic()
        return await self._claim(segments, segments=segments, holder=holder), asked_at

    async def _claim(
        self, limit: int, *, segments: int | None = None, holder: UUID | None = None
    ) -> Claim | None:
        now = self.rt.clock.now()
        claim = await outbox.claim_messages(
            self.rt.db,
            self.sms_channel.name,
            now,
            now + _LEASE,
            limit,
            segments=segments,
            holder=holder,
            hold_s=_HOLD_S,
        )
        if claim is not None and await self.rt.pressure.phones_wait():
            return await self._replies_of(claim)
        return claim

    async def _replies_of(self, claim: Claim) -> Claim | None:
        """Keep only the replies of a claim and give the other messages back.

        While phones have to wait, only replies are sent.
        """
        later = [message for message in claim.messages if message.priority]
        await outbox.give_back(self.rt.db, later)
        replies = [message for message in claim.messages if not message.priority]
        return replace(claim, messages=replies) if replies else None

    async def _send_at_pace(
        self, pace: Pace, taken: Sequence[tuple[Claim, Claimed]], segments: int
    ) -> None:
        call = pace.begin(time.monotonic(), segments)
        await self._send(
            taken[0][0],
            [message for _, message in taken],
            answered=lambda: pace.answered(call, time.monotonic()),
        )

    async def _send(
        self,
        claim: Claim,
        messages: Sequence[Claimed],
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        messages, numbers = await self._opened(messages)
        messages = await self._carried(messages)
        if not messages:
            answered()
            # Nothing was tried, so the next message is the probe.
            if claim.breaker.state is BreakerState.PROBING:
                again = replace(claim.breaker, until=self.rt.clock.now())
                await outbox.set_breaker(self.rt.db, self.sms_channel.name, claim.version, again)
            return
        given = [OutboundSms(str(m.id), numbers[str(m.id)], m.text) for m in messages]
        told = origins(messages)
        log.info(
            "messages are sent",
            channel=self.sms_channel.name,
            messages=[m.id for m in messages],
            **told,
        )
        reach("deliver.claimed")
        try:
            with logs.bound(channel=self.sms_channel.name, **told):
                sent = await self.sms.send(self.rt.http, given)
        finally:
            answered()
        reach("deliver.sent")
        now = self.rt.clock.now()
        probe = claim.breaker.state is BreakerState.PROBING
        found = [
            send_outcomes.fate(
                self.sms_channel,
                message,
                one,
                numbers[one.key],
                now,
                random.random(),  # noqa: S311  # spreads
                probe=probe,
                worked=message.failed_before and claim.breaker.state is BreakerState.CLOSED,
            )
            for message, one in zip(messages, sent, strict=True)
        ]
        await outbox.settle_messages(self.rt.db, self.sms_channel.name, found)
        reach("deliver.settled")
        outcomes = list(map(_outcome, messages, found))
        log.info("messages were answered", channel=self.sms_channel.name, messages=outcomes)
        self.handed += len(sent)
        breaker = state_after(claim.breaker, sent, now, random.random())  # noqa: S311
        if breaker != claim.breaker and await outbox.set_breaker(
            self.rt.db, self.sms_channel.name, claim.version, breaker
        ):
            log.warning(
                "breaker", channel=self.sms_channel.name, now=breaker.state, why=breaker.reason
            )
            # A probe was accepted, so the other messages need not wait.
            if breaker.state is BreakerState.CLOSED:
                self.rt.jobs.enqueue("deliver", self.sms_channel.name)
        await shorter.instead(
            self.rt,
            self.sms_channel,
            [m for m, one in zip(messages, sent, strict=True) if shorter.helps(one)],
        )
        await self._afterwards(found, numbers, [one.key for one in sent if one.opted_out], now)

    async def _carried(self, messages: Sequence[Claimed]) -> list[Claimed]:
        """Return the messages that the channel can carry.

        The others are final, with the reason, before they are handed over. A provider may cut such
        a message silently, and its refusal would say nothing about the channel.
        """
        lacks = {m.id: self.sms_channel.capacity.lack(m.text) for m in messages}
        too_much = [m for m in messages if lacks[m.id]]
        if too_much:
            now = self.rt.clock.now()
            refused = [
                send_outcomes.too_long_outcome(self.sms_channel, m, f"{lacks[m.id]}")
                for m in too_much
            ]
            await outbox.settle_messages(self.rt.db, self.sms_channel.name, refused)
            await shorter.instead(self.rt, self.sms_channel, too_much)
            await self._afterwards(refused, {}, [], now)
        return [m for m in messages if not lacks[m.id]]

    async def _opened(self, messages: Sequence[Claimed]) -> tuple[list[Claimed], dict[str, str]]:
        """Return the messages whose number can be read, and the numbers by message.

        A message that was sealed with another key waits for that key and is shown by `gateway
        outbox`. The others are sent.
        """
        mine, numbers = list[Claimed](), dict[str, str]()
        for message in messages:
            try:
                numbers[str(message.id)] = self.rt.vault.open(message.to_sealed)
            except OtherKey:
                log.warning("a message waits for another key", message=message.id)
            else:
                mine.append(message)
        if len(mine) < len(messages):
            others = [each.id for each in messages if str(each.id) not in numbers]
            await outbox.wait_for_key(self.rt.db, others, self.rt.clock.now())
        return mine, numbers

    async def _afterwards(
        self,
        found: Sequence[outbox.SendOutcome],
        numbers: dict[str, str],
        opted_out: Sequence[str],
        now: datetime,
    ) -> None:
        """Apply the outcome of messages to their questions, their workers and other channels."""
        rt = self.rt
        if refused := [each.id for each in found if each.state in ("refused", "given_up")]:
            await until_settled(lambda: leases.refused(rt.db, refused, now))
        for key in opted_out:
            reason = next(each.reason for each in found if str(each.id) == key)
            index = rt.vault.index(numbers[key])
            await outbox.opt_out(rt.db, index, self.sms_channel.name, reason or "carrier")
        for channel in {each.channel for each in found} - {self.sms_channel.name}:
            rt.jobs.enqueue("deliver", channel)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._working.add(asyncio.create_task(work))

    async def _pause(self, seconds: float) -> None:
        """Wait for `seconds`, or until a call is answered, which may let the next one go sooner."""
        if not self._working:
            await asyncio.sleep(seconds)
            return
        await asyncio.wait(self._working, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._reap()

    async def _until_free(self, most: int) -> None:
        """Wait until fewer than `most` calls are on their way."""
        while len(self._working) >= most:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
            self._reap()

    def _reap(self) -> None:
        done = {task for task in self._working if task.done()}
        self._working -= done
        for task in done:
            task.result()


def _outcome(message: Claimed, fate: outbox.SendOutcome) -> dict[str, object]:
    """Return the log's data of one message that was handed over."""
    known = {"provider_id": fate.provider_id} if fate.provider_id else {}
    return {
        "message": fate.id,
        "state": fate.state,
        **known,
        **origin(message.cause, message.payout),
    }


def _first(waiting: Sequence[tuple[Claim, Claimed]], segments: int) -> list[tuple[Claim, Claimed]]:
    """Return the first messages that fit into `segments` segments, at least one."""
    taken: list[tuple[Claim, Claimed]] = []
    for each in waiting:
        segments -= each[1].segments
        if taken and segments < 0:
            break
        taken.append(each)
    return taken
