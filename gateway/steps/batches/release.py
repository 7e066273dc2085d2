"""The return of a batch's unused money."""

from gateway.base.ids import AccountId, BatchId
from gateway.payments.ledger import postings
from gateway.store.batches import batch_pay, plans
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import running
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people import clients


async def release_rest(db: Connection, batch: Batch) -> int:
    """Return the unused money of a batch; return the amount in minor units.

    It goes to the client, and from a review or audit to the batch that it looks at.
    """
    rest = await transfers.balance_of(db, batch.hold_account)
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
