"""Pause a batch, or cancel it for good."""

from gateway.base.ids import BatchId, ClientId
from gateway.steps.batches.checks.paid_check import end_checks, follow_batch
from gateway.steps.batches.release import end_batch
from gateway.steps.batches.submit.state_change import locked_batch, record_state
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.life import batch_state, changes


async def pause_batch(
    rt: Runtime, client: ClientId, batch_id: str, *, by: str = changes.GATEWAY
) -> None:
    """Pause a batch: no worker is asked a new question.

    Answers to questions already asked still count.
    """

    async def paused() -> None:
        async with rt.db.transaction() as db:
            row = await locked_batch(
                db, client, batch_id, ("running", "paused"), "only a running batch can be paused"
            )
            if row["state"] == "paused":
                return
            await batch_state.set_state(db, BatchId(row["id"]), "paused")
            await follow_batch(db, row["id"], "paused")
            await record_state(db, row["id"], "pause", by, "running", "paused")

    await until_settled(paused)


async def cancel_batch(
    rt: Runtime, client: ClientId, batch_id: str, *, by: str = changes.GATEWAY
) -> None:
    """Cancel a batch for good: answers stay and stay paid, and the rest of the money returns.

    A worker who holds one of its questions may still answer it, and is paid. The money for that
    returns when she has not answered in her time.
    """
    batch = await rt.batches.get(batch_id)

    async def cancelled() -> None:
        async with rt.db.transaction() as db:
            row = await locked_batch(
                db, client, batch_id, ("draft", "running", "paused", "cancelled"), "it is done"
            )
            if row["state"] == "cancelled":
                return
            waits = await end_checks(rt, db, batch.id)
            rest = await end_batch(
                db, batch, waits=waits, unpaid=row["state"] == "draft" and not row["reserved"]
            )
            await record_state(db, batch.id, "cancel", by, row["state"], "cancelled", -rest)

    await until_settled(cancelled)
    rt.jobs.enqueue("close")
