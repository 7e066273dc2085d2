"""The consequences of a correction: tasks that were decided on it are judged again, in slices.

The correction itself is one commit, and records the tasks that are still to be judged again. Each
slice adds the tasks it moved and its position, in its own commit, so that no process waits long for
a row. After a crash, the next process that learns from the batch or closes it continues behind the
last slice.
"""

from typing import TypedDict

from gateway.steps.quality.rejudge import rejudge
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import gold, rejudging

SLICE = 1000
"""The number of tasks that are judged again in one commit."""


class Rejudge(TypedDict):
    """The tasks that are to be judged again.

    `by` and `argument` select them (`gateway.store.quality.rejudging.decided_tasks`); `after` is
    the id behind which to continue.
    """

    by: str
    argument: object
    after: int


async def follow(rt: Runtime, batch_id: str) -> None:
    """Judge again the tasks that the corrections of a batch have left."""
    for correction in await gold.unfinished(rt.db, batch_id):
        batch = await rt.batches.fresh(batch_id)
        while await until_settled(lambda: _slice(rt, batch, correction)):  # noqa: B023  # used at once
            pass


async def _slice(rt: Runtime, batch: Batch, correction: int) -> bool:
    """Judge some tasks again; return True if there may be more."""
    async with rt.db.transaction() as db:
        row = await gold.lock_correction(db, correction)
        if row is None:
            return False
        left: Rejudge = row.rejudge
        running = await gold.is_running(db, batch.id)
        rows = await rejudging.decided_tasks(
            db, batch.id, left["after"], left["by"], left["argument"], SLICE
        )
        moved = await rejudge(rt, db, batch, rows, running=running)
        more = len(rows) == SLICE
        if not more and left["by"] == "value":
            # These answers were just being written when the option was merged into another.
            await gold.rename(db, batch.id, row.was, row.becomes)
        rest: Rejudge | None = {**left, "after": rows[-1].id} if more else None
        await gold.add_moved(db, correction, moved, rest)
        await gold.lock_batch(db, batch.id, running=running)
        return more
