"""The end of a cancelled batch, and the return of a batch's unused money."""

from dataclasses import replace

from gateway.base.ids import AccountId, BatchId
from gateway.payments.ledger import postings
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_pay, plans
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, cancelled, changes, running
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people import clients


async def end_batch(
    db: Connection, batch: Batch, *, waits: bool = False, unpaid: bool = False
) -> int:
    """Cancel a locked batch and give its unused money back; return the amount in minor units.

    The money for questions that workers hold stays until `end_waiting`. An `unpaid` draft has no
    money. With `waits`, a review or audit of the batch still waits for such answers.
    """
    held = await cancelled.cancel_open_tasks(db, batch.id)
    await batch_state.withdraw(db, batch.id, "cancelled")
    await batch_state.set_state(db, batch.id, "cancelled")
    if held or waits:
        await cancelled.wait_for_answers(db, batch.id)
    return 0 if unpaid else await release_rest(db, batch)


async def end_waiting(rt: Runtime) -> int:
    """End the cancelled batches that wait for no answer any more, and return their number.

    The money that was kept for answers which did not come goes back.
    """
    some = await cancelled.over(rt.db)
    for batch_id in some:
        batch = await rt.batches.fresh(batch_id)

        async def ended(batch: Batch = batch) -> None:
            async with rt.db.transaction() as db:
                if not await cancelled.end_waiting(db, batch.id):
                    return
                rest = await release_rest(db, batch)
                parent = batch.handling.check_of
                if parent and await cancelled.next_round(db, parent):
                    await release_rest(db, await rt.batches.get(parent))
                if rest:
                    change = await changes.record_change(
                        db, batch.id, "cancel", actor=changes.GATEWAY
                    )
                    await changes.complete(db, replace(change, cost_minor=-rest))

        await until_settled(ended)
    return len(some)


async def release_rest(db: Connection, batch: Batch) -> int:
    """Return the unused money of a batch; return the amount in minor units.

    It goes to the client, and from a review or audit to the batch that it looks at.
    """
    rest = await transfers.balance_of(db, batch.hold_account)
    rest -= await cancelled.kept_minor(db, batch.id)
    rest -= await batch_pay.kept_back(db, batch.id)  # `settle_pay` uses it and returns the rest.
    if not rest:
        return rest
    parent = batch.handling.check_of
    if parent:
        posted = postings.check_return(BatchId(parent), batch.id, rest, batch.currency)
        to = await plans.hold_account_of(db, parent)
    else:
        client = await clients.account_of(db, batch.client)
        assert client is not None
        nth = 1 + await running.round_of(db, batch.id)
        posted = postings.release_hold(batch.id, batch.client, rest, batch.currency, nth=nth)
        to = AccountId(client["account_id"])
    await transfers.post(db, posted, batch.hold_account, to)
    return rest
