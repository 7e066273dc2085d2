"""What follows from a correction: the tasks that were decided on it are judged again, some in each commit.

The correction itself is one commit, and says what is still to be judged again. Each slice adds what it moved and how far
it is, in its own commit, so that nothing waits long for a row. Where a process dies, the next that learns from the batch or
closes it goes on behind the last slice.
"""

from typing import TypedDict

from gateway.runtime import Runtime
from gateway.steps.rejudge import rejudge
from gateway.steps.retry import until_settled
from gateway.store import gold, rejudging
from gateway.store.batches import Batch

SLICE = 1000
"""Tasks that are judged again in one commit."""


class Rejudge(TypedDict):
    """Which tasks are to be judged again (`gateway.store.rejudging.decided`), and behind which id."""

    by: str
    argument: object
    after: int


async def follow(rt: Runtime, batch_id: str) -> None:
    """Judge again what the corrections of a batch have left to be judged again."""
    for correction in await gold.unfinished(rt.db, batch_id):
        batch = await rt.batches.fresh(batch_id)
        while await until_settled(lambda: _slice(rt, batch, correction)):  # noqa: B023  # used at once
            pass


async def _slice(rt: Runtime, batch: Batch, correction: int) -> bool:
    """Judge some tasks again; whether there may be more."""
    async with rt.db.transaction() as db:
        row = await gold.lock_correction(db, correction)
        if row is None:
            return False
        left: Rejudge = row["rejudge"]
        running = await gold.is_running(db, batch.id)
        rows = await rejudging.decided(
            db, batch.id, left["after"], left["by"], left["argument"], SLICE
        )
        moved = await rejudge(rt, db, batch, rows, running=running)
        more = len(rows) == SLICE
        if not more and left["by"] == "value":
            # Of workers whose answer was just being written when the option became another.
            await gold.rename(db, batch.id, row["was"], row["becomes"])
        rest: Rejudge | None = {**left, "after": rows[-1]["id"]} if more else None
        await gold.add_moved(db, correction, moved, rest)
        await gold.lock_batch(db, batch.id, running=running)
        return more
