"""The beginning of a pilot, and of the rest of its batch."""

from datetime import datetime

from gateway.base.errors import Refused
from gateway.store.batches import pilots
from gateway.store.db import Connection


async def begin_pilot(db: Connection, batch: str, tasks: int | None, now: datetime) -> None:
    """Keep back all but the first tasks of a draft that starts with a pilot.

    Raises Refused for a batch whose tasks are made out to workers by name, since each of them would
    wait for a task that is kept back. A pilot of all tasks is no pilot.
    """
    if tasks is None:
        return
    if await pilots.has_named_workers(db, batch):
        raise Refused(
            "a batch whose tasks name their workers has no pilot; start it without one",
            field="pilot",
            status=409,
        )
    if not await pilots.begin(db, batch, tasks, now):
        raise Refused(
            f"the batch has no more than {tasks} tasks, so a pilot would be all of it; ask for a "
            "smaller pilot, or start it without one",
            field="pilot",
            status=409,
        )


def refuse_late_pilot(tasks: int | None) -> None:
    """Raise Refused for a pilot of a batch that has begun."""
    if tasks is not None:
        raise Refused(
            "the batch has begun, so it cannot begin with a pilot", field="pilot", status=409
        )


async def release_rest_of_pilot(db: Connection, batch: str) -> None:
    """Let the tasks behind a pilot be asked, once the batch goes on after it."""
    pilot = await pilots.of_batch(db, batch)
    if pilot is not None and pilot.state == "ended":
        await pilots.release(db, pilot)
