"""One upload into a draft, or into a batch that runs and is open: its turn, its slices, its end.

No reader sees a task of it before the last slice. Each slice is a commit of its own, so no
transaction is long, and the progress is visible. An upload that is refused removes its slices.
Slices that a killed process leaves are invisible, and the next upload, the start, or the sweep
removes them.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, Protocol
from uuid import UUID, uuid4

from gateway.base.errors import Conflict, Failed, Refused
from gateway.base.failpoints import reach
from gateway.base.ids import ClientId
from gateway.steps.batches.prepare import Filled, added
from gateway.steps.batches.text_advice import SHOWN_MAX
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs, results, shares, uploads
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state
from gateway.store.batches.uploads import TaskSlice
from gateway.store.db import AWAY, Connection, Database, Row
from gateway.tasks.intake import BatchRoom

SLICE = 5000
"""The tasks in one commit; they are stored in less than a second on a busy machine."""
LEASE_S, _RENEW_S = 20.0, 5.0
"""The time after its last renewal at which an upload counts as cut off, and the interval of the
renewals.
"""
_LOOK_S = 0.2
_GOING_ON = ("running", "paused")
_STARTED = "tasks can be added before the start only, unless the batch is made with open: true"
_FINISHED = "it takes no more tasks, because it was finished or its deadline has passed"
AlsoWritten = Callable[[Connection], Awaitable[None]]


class _Over(Exception):  # It undoes a slice and is never shown.
    """A signal that the turn of this upload is over."""


class AddedChange(Protocol):
    """The step that lets added tasks count, in one commit with their money."""

    async def publish(self, rt: Runtime, turn: "Upload", now: dict[str, Any] | None) -> bool:
        """Let the tasks count. Return False where the turn is over."""
        ...


class TurnTaken(Refused):
    """The refusal of an upload during another one into the same batch, which may be tried again."""


@dataclass(slots=True)
class Upload:
    """An upload whose turn it is.

    `before` holds the former content of the batch, None where that was never computed. `after` is
    the position of the last task that counts. `stored` is the number of tasks that are stored.
    """

    rt: Runtime
    client: ClientId
    batch: str
    token: UUID
    after: int
    before: Filled | None
    running: bool = False
    """The batch runs, and its new tasks cost money when they count."""
    change: AddedChange | None = None
    """The record of the tasks that were added to a running batch."""
    stored: int = 0
    with_them: AlsoWritten | None = None
    """Further writing in the transaction that lets the tasks count."""

    @property
    def room(self) -> BatchRoom:
        """Return the space that is left in the batch."""
        limits, before = self.rt.settings.limits, self.before or Filled(tasks=self.after)
        there = before.tasks + before.golds
        return BatchRoom(limits.batch_tasks, limits.batch_bytes, there, before.size_bytes)

    async def store(
        self, slices: Iterable[TaskSlice], filled: Filled, with_them: AlsoWritten | None = None
    ) -> None:
        """Store prepared tasks slice by slice; then all of them count at once.

        `filled` holds their sums. `with_them` writes more in the transaction that lets them count.
        """
        self.with_them = with_them
        of, done, each = filled.tasks + filled.golds, 0, iter(slices)
        self.room.check(of, filled.size_bytes)
        # Reading the file must not hold up other work of this process.
        while (some := await asyncio.to_thread(next, each, None)) is not None:
            if not await self._add(some, done, of):
                await self._tell_why()
            done += len(some.rows)
            self.stored = done
            reach("upload.slice")
        now = None if self.before is None else asdict(added(self.before, filled, SHOWN_MAX))
        if self.running:
            await self._publish_added(now)
            return
        async with self.rt.db.transaction() as db:
            is_published = await uploads.publish_upload(db, self.batch, self.token, now)
            if is_published and with_them is not None:
                await with_them(db)
        if not is_published:
            await self._tell_why()
        reach("upload.written")

    async def _publish_added(self, now: dict[str, Any] | None) -> None:
        assert self.change is not None
        if not await self.change.publish(self.rt, self, now):
            await self._tell_why()
        reach("life.added")

    async def _add(self, some: TaskSlice, done: int, of: int) -> bool:
        """Commit a slice.

        Return False, with nothing done, where the turn of this upload is over.
        """
        try:
            async with self.rt.db.transaction() as db:
                await uploads.append_slice(
                    db, self.batch, self.after + done, some, hidden=self.running
                )
                # The batch's row is locked last, so that nothing waits for it while the slice is
                # stored.
                doing = _doing("storing", done + len(some.rows), of)
                state = await uploads.renew_upload(db, self.batch, self.token, LEASE_S, doing)
                if state not in (_GOING_ON if self.running else ("draft",)):
                    raise _Over  # noqa: TRY301  # undoes the transaction
        except _Over:
            return False
        return True

    async def _tell_why(self) -> NoReturn:
        async with self.rt.db.transaction() as db:
            row = await batch_state.lock(db, self.client, self.batch)
        check_takes_tasks(row, self.batch)
        raise Failed("the upload was cut off; send it again", retryable=True)

    async def take_back(self) -> None:
        """Remove the stored tasks, as long as it is this upload's turn, and end the turn."""
        await self.remove()
        async with self.rt.db.transaction() as db:
            await uploads.end_upload(db, self.batch, self.token)

    async def remove(self) -> None:
        """Remove all tasks that do not count, as long as it is this upload's turn."""
        more = True
        while more:
            async with self.rt.db.transaction() as db:
                if await uploads.renew_upload(db, self.batch, self.token, LEASE_S) is None:
                    return
                more = await uploads.remove_behind(db, self.batch, self.after, SLICE) == SLICE

    async def keep(self) -> None:
        """Keep the turn as long as the process lives."""
        while True:
            await asyncio.sleep(_RENEW_S)
            with suppress(*AWAY):
                await uploads.renew_upload(self.rt.db, self.batch, self.token, LEASE_S)


@asynccontextmanager
async def begun(rt: Runtime, client: ClientId, batch: str) -> AsyncGenerator[Upload]:
    """Give the turn to fill a draft to the block. Raises Refused where the batch takes no tasks.

    Uploads into one batch come one after the other, so that its limits hold for all of them
    together.
    """
    upload = await _turn(rt, client, batch)
    keeping = asyncio.create_task(upload.keep())
    try:
        yield upload
    except BaseException:
        with suppress(*AWAY):  # otherwise the sweep does it
            await asyncio.shield(upload.take_back())
        raise
    finally:
        keeping.cancel()


async def _turn(rt: Runtime, client: ClientId, batch: str) -> Upload:
    try:
        async with asyncio.timeout(rt.settings.helper_s):
            while (upload := await _taken(rt, client, batch)) is None:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as late:
        raise TurnTaken(
            "another upload into this batch goes on; send this one again when that is stored",
            status=409,
        ) from late
    await upload.remove()  # remove the tasks that an interrupted upload has left
    return upload


async def _taken(
    rt: Runtime, client: ClientId, batch: str, *, forced: bool = False
) -> Upload | None:
    """Take the turn; return None during another upload.

    With `forced`, take the turn from that one.
    """
    async with rt.db.transaction() as db:
        row = check_takes_tasks(await batch_state.lock(db, client, batch), batch)
        if not forced and await uploads.is_going_on(db, batch):
            return None
        token = uuid4()
        after = await uploads.lease_upload(db, batch, token, LEASE_S, _doing("checking", 0, None))
    before = Filled(**row["filled"]) if row["filled"] else None if after else Filled()
    return Upload(rt, client, batch, token, after, before, row["state"] != "draft")


async def ended(rt: Runtime, client: ClientId, batch: str) -> None:
    """End an upload that goes on or was cut off.

    Nothing of it counts, and its own process is refused.
    """
    row = await batch_state.state_and_upload(rt.db, batch, client)
    if row is None or row["state"] != "draft" or row["filled_to"] is None:
        return
    upload = await _taken(rt, client, batch, forced=True)
    if upload is not None:
        await upload.take_back()


async def deal_draft(rt: Runtime, client: ClientId, batch: Batch) -> Upload | None:
    """Deal the tasks of a draft out to partners with a share, slice by slice, and return the turn.

    No upload comes in between. None: there is nothing to deal.
    """
    if not batch.handling.shares or await results.state_of(rt.db, batch.id) != "draft":
        return None
    turn = await _taken(rt, client, batch.id, forced=True)
    assert turn is not None
    await turn.remove()
    tasks = await shares.dealt_tasks(rt.db, batch)
    for at in range(0, len(tasks), SLICE):
        some = tasks[at : at + SLICE]
        doing = _doing("starting", at + len(some), len(tasks))
        async with rt.db.transaction() as db:
            await shares.keep_for_partners(db, some)
            if await uploads.renew_upload(db, batch.id, turn.token, LEASE_S, doing) != "draft":
                raise Conflict("another process starts it")
    return turn


async def sweep_uploads(rt: Runtime) -> None:
    """Remove the tasks that interrupted uploads have left."""
    for batch in await uploads.cut_off(rt.db, 10):
        token = uuid4()
        after = await uploads.take_over(rt.db, batch, token, LEASE_S)
        if after is not None:
            await Upload(rt, ClientId(""), batch, token, after, None).take_back()


def check_takes_tasks(row: Row | None, batch: str) -> Row:
    """Return the row of a batch to which tasks may be added. Raises Refused for another one."""
    if row is None or row["state"] not in _GOING_ON:
        return check_state(row, batch, ("draft",), _STARTED)
    if row["ends_at"] is not None or not row["open"]:
        raise Refused(
            f"the batch is {row['state']}: {_FINISHED if row['ends_at'] else _STARTED}", status=409
        )
    return row


async def refuse_during_import(db: Connection | Database, batch: str, then: str) -> None:
    """Raise Refused while an import into the batch waits or runs, since its tasks would be lost.

    `then` is the verb of what the client may do when the import has ended.
    """
    job = await file_jobs.open_import(db, batch)
    if job is not None:
        raise Refused(
            f"the import {job} into this batch has not ended: {then} the batch when it has",
            status=409,
        )


def check_state(row: Row | None, batch: str, states: Iterable[str], why: str) -> Row:
    """Return the row of a batch.

    Raises Refused where the client has no such batch, or it is in another state.
    """
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    if row["state"] not in states:
        raise Refused(f"the batch is {row['state']}: {why}", status=409)
    return row


def _doing(what: str, done: int, of: int | None) -> dict[str, object]:
    return {"doing": what, "done": done, "of": of}
