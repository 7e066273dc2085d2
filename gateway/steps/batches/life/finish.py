"""The end of adding tasks to an open batch. It then closes when everything is decided."""

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.life.change import Author, ChangeEffect, MadeChange, make_change
from gateway.steps.batches.uploading import refuse_during_import
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import running
from gateway.store.batches.life.changes import BatchChange
from gateway.store.batches.life.running import LifeRow
from gateway.store.db import Connection


async def finish(rt: Runtime, client: ClientId, batch_id: str, author: Author) -> MadeChange:
    """Let no more tasks be added to a batch. Repeating it changes nothing more."""

    async def write(
        db: Connection, batch: Batch, row: LifeRow, change: BatchChange
    ) -> ChangeEffect:
        del change
        if row.uploading:
            raise Refused(
                "an upload into this batch goes on; finish it when that is stored", status=409
            )
        await refuse_during_import(db, batch.id, "finish")
        await running.set_open(db, batch.id, is_open=False)
        return ChangeEffect(0, {"open": row.open}, {"open": False})

    done = await make_change(rt, client, batch_id, "finish", author, write)
    rt.jobs.enqueue("close")
    return done
