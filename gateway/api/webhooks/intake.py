"""The intake of SMS: an SMS gets its 200 when it is durable, whatever state the gateway is in.

In calm times an SMS is processed completely before its 200, and its reply is in the outbox a moment
later. When more SMS come than can be processed (a burst), or the database is slow, they are stored
first. Those that come at the same moment are stored in one commit, and runners process them
afterwards (`steps/turns/catch_up.py`). When the database does not answer at all, SMS go to the
spool on this machine's disk. Only when that fails too is the provider asked to send the SMS again.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.api.edge.admission import Admission
from gateway.base.errors import Failed
from gateway.sms.port import InboundSms
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.steps.turns.hear import process_sms
from gateway.store.db import AWAY, Database, open_database
from gateway.store.turns import inbox
from gateway.store.turns.spool import Spool

log = structlog.get_logger()

# Providers give up after 10 to 15 s. Processing may take this long, and a group's commit follows.
WALK_S = 8.0
COMMIT_S = 3.0
GROUP_MAX = 500
# A rush is over when fewer SMS than this come per second, because they can be processed at once.
CALM_PER_S = 100
_LOOK_S = 1.0
_TELL_S = 0.25
_PULSE_S = 0.05
# While phones wait, SMS gather for this time before they are stored. A commit for each few of them
# would take the processors that answer phones.
_GATHER_S = 0.25


_Spooled = tuple[Path, list[inbox.SealedEvent]]


@dataclass(slots=True)
class _Waiting:
    event: inbox.SealedEvent
    new: asyncio.Future[bool]


class Intake:
    """The intake of one API process.

    `db` has connections of its own, so that SMS which wait for a connection of the runtime do not
    block it.
    """

    def __init__(self, rt: Runtime, db: Database, spool: Spool) -> None:
        self._rt, self._db, self._spool = rt, db, spool
        share = (os.cpu_count() or 1) / rt.settings.webhook_processes
        turns = rt.db.connections
        self.admission = Admission(
            turns, rt.settings.ussd_wait_s, at_once=min(turns, max(1.0, share))
        )
        self._walking = 0
        self._rush = False
        self._stored, self._since = 0, 0.0
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._commit: asyncio.Task[list[bool]] | None = None
        self._walks: set[asyncio.Task[bool]] = set()
        # While phones wait, the jobs of a moment are enqueued together. Each time costs a
        # millisecond.
        self._jobs = set[str]()
        self._enqueued_at = -_TELL_S

    @classmethod
    @asynccontextmanager
    async def opened(cls, rt: Runtime) -> AsyncGenerator["Intake"]:
        assert rt.settings.database_url
        db = await open_database(rt.settings.database_url.get_secret_value(), connections=2)
        made = cls(rt, db, Spool(rt.settings.data_dir / "spool"))
        tasks = [
            asyncio.create_task(work())
            for work in (
                made._write,
                made._empty_spool,
                made._tell_when_behind,
                made._note_lateness,
            )
        ]
        try:
            yield made
        finally:
            for task in [*tasks, *made._walks]:
                task.cancel()
            await asyncio.gather(*tasks, *made._walks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_S):
                    await db.close()

    async def sms(self, channel: Channel, sms: InboundSms, raw: bytes) -> bool:
        """Take one SMS, durably. Return False when it was taken before.

        Raises Failed when the SMS could be kept nowhere, and any error that a fault of the gateway
        raises while the SMS is processed.
        """
        # The id is made once, so that an SMS which is stored while it is processed stays the same
        # event.
        event_id = identity(self._rt, sms).event_id
        if self.stores_first:
            return await self.keep(channel.name, "sms", event_id, raw)
        try:
            with self.admission.taken():
                async with asyncio.timeout(WALK_S):
                    return await self._walk(channel, sms, raw, event_id)
        except AWAY as away:
            log.warning("sms is stored first", channel=channel.name, why=repr(away))
            return await self.keep(channel.name, "sms", event_id, raw)

    @property
    def stores_first(self) -> bool:
        """Return whether an SMS that comes now is stored first, and processed later."""
        return self._rushed() or not self.admission.calm

    async def keep(self, channel: str, kind: str, event_id: str, raw: bytes) -> bool:
        """Store an event for later. Return False when it was stored before.

        Raises Failed when the event can be kept nowhere.
        """
        new = await asyncio.shield(self.store(channel, kind, event_id, raw))
        self.note_stored(channel, kind, event_id, new=new)
        return new

    def store(self, channel: str, kind: str, event_id: str, raw: bytes) -> asyncio.Future[bool]:
        """Store an event with the next group.

        The future says whether it is new, or fails with Failed when it can be kept nowhere.
        """
        event = inbox.seal_event(self._rt.vault, channel, kind, event_id, raw)
        waiting = _Waiting(event, asyncio.get_running_loop().create_future())
        self._stored += 1
        self._queue.put_nowait(waiting)
        return waiting.new

    def note_stored(
        self, channel: str, kind: str, event_id: str, *, new: bool, **bound: str
    ) -> None:
        """Log that an event is stored, and let a runner process it."""
        log.info(
            "event stored",
            channel=channel,
            kind=kind,
            event_id=event_id,
            repeated=not new,
            **bound,
        )
        job = "sweep" if kind == "receipt" else "catch_up"
        now = asyncio.get_running_loop().time()
        if self.admission.behind and now - self._enqueued_at < _TELL_S:
            self._jobs.add(job)
            return
        self._enqueued_at = now
        self._rt.jobs.enqueue(job)

    async def _walk(self, channel: Channel, sms: InboundSms, raw: bytes, event_id: str) -> bool:
        """Process an SMS, and go on when the caller stops waiting.

        That is safe because an SMS takes effect only once.
        """
        self._walking += 1
        task = asyncio.create_task(process_sms(self._rt, channel, sms, raw, event_id))
        self._walks.add(task)
        task.add_done_callback(self._walked)
        return await asyncio.shield(task)

    def _walked(self, task: asyncio.Task[bool]) -> None:
        self._walking -= 1
        self._walks.discard(task)
        if not task.cancelled():
            # The waiting caller got the exception. Without a caller, the stored copy raises it
            # again.
            task.exception()

    def _rushed(self) -> bool:
        most = self._rt.settings.walks_at_once
        if most == 0:  # Every SMS is stored first, which says nothing about how many come.
            return True
        now = asyncio.get_running_loop().time()
        if self._walking >= most:
            if not self._rush:
                self._rush, self._stored, self._since = True, 0, now
        elif self._rush and now - self._since >= _LOOK_S:
            self._rush = self._stored / (now - self._since) >= CALM_PER_S
            self._stored, self._since = 0, now
        return self._rush

    async def _write(self) -> None:
        """Store the waiting events in groups, with one commit per group.

        While one group is being stored, the next one gathers.
        """
        while True:
            group = [await self._queue.get()]
            if self.admission.behind:
                await asyncio.sleep(_GATHER_S)
            while len(group) < GROUP_MAX and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                told = await self._committed([one.event for one in group])
            except Exception as bad:
                log.exception("events could not be kept", events=len(group))
                failed = Failed(f"the event could not be kept: {bad}", retryable=True)
                for one in group:
                    one.new.set_exception(failed)
                continue
            for one, new in zip(group, told, strict=True):
                one.new.set_result(new)

    async def _committed(self, events: list[inbox.SealedEvent]) -> list[bool]:
        """Store events in the database, or else on the disk, and return for each whether it is new.

        For events on the disk this is unknown, so they count as new.
        """
        try:
            return await self._in_database(events)
        except AWAY as away:
            log.warning("events go to the spool", events=len(events), why=repr(away))
        await asyncio.to_thread(self._spool.put, events)
        return [True] * len(events)

    async def _in_database(self, events: list[inbox.SealedEvent]) -> list[bool]:
        if self._commit is not None and not self._commit.done():
            raise TimeoutError("the last commit has not come back yet")
        # A slow commit is not cancelled, because with a frozen server that would take even longer.
        self._commit = asyncio.create_task(inbox.keep_many(self._db, events))
        done, _ = await asyncio.wait({self._commit}, timeout=COMMIT_S)
        if not done:
            self._commit.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise TimeoutError(f"no commit within {COMMIT_S:.0f} s")
        return self._commit.result()

    async def _tell_when_behind(self) -> None:
        """Ask all other work to rest while phones have to wait here."""
        while True:
            await asyncio.sleep(_TELL_S)
            # This is checked each time, because a rush must also end when no further SMS comes.
            for job in self._jobs:
                self._rt.jobs.enqueue(job)
            self._jobs.clear()
            rushed = self._rt.settings.walks_at_once > 0 and self._rushed()
            if self.admission.behind or rushed:
                await self._rt.pressure.tell()

    async def _note_lateness(self) -> None:
        """Tell the admission again and again how late the event loop is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PULSE_S
            await asyncio.sleep(_PULSE_S)
            self.admission.note_lateness(loop.time() - due)

    async def _empty_spool(self) -> None:
        while True:
            if not await self._take_spooled():
                await asyncio.sleep(_LOOK_S)

    async def _take_spooled(self) -> bool:
        """Move the oldest files of the spool into the inbox, all in one commit.

        Return whether there may be more.
        """
        found = await asyncio.to_thread(self._spool.oldest)
        try:
            taken = await self._commit_files(found)
        except AWAY:
            return False
        if taken:
            await asyncio.to_thread(self._spool.drop, [path for path, _ in taken])
            self._rt.jobs.enqueue("catch_up")
            log.info("events came back from the spool", events=sum(len(e) for _, e in taken))
        return bool(found)

    async def _commit_files(self, found: Sequence[_Spooled]) -> Sequence[_Spooled]:
        """Return the files whose events are now in the inbox.

        A file that the database refuses must not hold up the others, so it is put aside.
        """
        events = [event for _, some in found for event in some]
        if not events:
            return found
        try:
            await inbox.keep_many(self._db, sorted(events, key=_key))
        except AWAY:
            raise
        except Exception as bad:
            if len(found) > 1:
                return [taken for one in found for taken in await self._commit_files([one])]
            log.exception("events of the spool are not taken", events=len(events))
            await asyncio.to_thread(self._spool.put_aside, found[0][0], repr(bad))
            return []
        return found


def _key(event: inbox.SealedEvent) -> tuple[str, str, str]:
    """Return the sort key for storing events.

    All processes store in this order, so two that empty one spool never deadlock.
    """
    return event.channel, event.kind, event.event_id
