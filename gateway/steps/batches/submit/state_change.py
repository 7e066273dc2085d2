"""The change of a batch's state: its row is locked before, and the change is recorded."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.base.ids import ClientId
from gateway.steps.batches.uploading import check_state
from gateway.steps.repeated import keep_result
from gateway.store.batches.life import batch_state, changes
from gateway.store.db import Connection, Row


async def locked_batch(
    db: Connection, client: ClientId, batch_id: str, states: Sequence[str], why: str
) -> Row:
    """Lock the batch of a client until the end of the transaction, and return its row.

    Raises Refused where the client has no such batch, or it is in none of the `states`.
    """
    return check_state(await batch_state.lock(db, client, batch_id), batch_id, states, why)


async def record_state(
    db: Connection,
    batch: str,
    what: str,
    by: str,
    was: str,
    becomes: str,
    cost_minor: int = 0,
) -> None:
    """Record a change of state in the batch's history, with what it cost the client.

    The present request has then made its change, and its repetition only answers.
    """
    change = await changes.record_change(
        db, batch, what, actor=by, before={"state": was}, after={"state": becomes}
    )
    if cost_minor:
        await changes.complete(db, replace(change, cost_minor=cost_minor))
    await keep_result(db)
