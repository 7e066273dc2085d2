"""The cancelling of single tasks.

A worker who holds a question of such a task may still answer it, and is paid as she was told. The
money of all other slots comes back at once.
"""

from collections.abc import Sequence

from gateway.base.errors import Fault
from gateway.base.ids import ClientId
from gateway.steps.batches.life.change import Author, ChangeEffect, MadeChange, make_change
from gateway.steps.batches.life.more_answers import refuse
from gateway.steps.runtime import Runtime
from gateway.store.batches import tallies
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.batches.life.running import LifeRow
from gateway.store.db import Connection

_SHOWN_MAX = 100


async def cancel_tasks(
    rt: Runtime, client: ClientId, batch_id: str, names: Sequence[str], author: Author
) -> MadeChange:
    """Cancel open tasks of a batch. Tasks that are cancelled already stay so."""

    async def write(
        db: Connection, batch: Batch, row: LifeRow, change: BatchChange
    ) -> ChangeEffect:
        del row, change
        tasks = await running.named_tasks(db, batch.id, names)
        found = {one.name: one for one in tasks}
        faults = list[Fault]()
        for place, name in enumerate(names, 1):
            one = found.get(name)
            if one is None:
                faults.append(Fault(f"no task {name!r} in this batch", "tasks", place))
            elif one.state not in ("open", "cancelled"):
                said = f"the task {name!r} is {one.state}: its answers are in and its result stays"
                faults.append(Fault(said, "tasks", place))
        refuse(faults, missing=not tasks)
        still_open = [one for one in tasks if one.state == "open"]
        await running.cancel_tasks(db, [one.id for one in still_open])
        spare = sum(one.maximum - one.answered - one.held for one in still_open)
        await running.count_slots(db, batch.id)
        await tallies.count_anew(db, batch.id)
        after = {
            "tasks": len(still_open),
            "names": [one.name for one in still_open[:_SHOWN_MAX]],
            "asked_now": sum(one.held for one in still_open),
        }
        return ChangeEffect(-spare * batch.cost_minor, {}, after)

    done = await make_change(rt, client, batch_id, "cancel_tasks", author, write)
    rt.jobs.enqueue("close")
    return done
