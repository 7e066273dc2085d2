"""The state of a batch: its lock, its changes, and the condition of its close."""

from datetime import datetime

from gateway.base.ids import BatchId, ClientId
from gateway.store.batches import plans, tallies
from gateway.store.db import Connection, Database, Row


async def lock(db: Connection, client: ClientId, batch: str) -> Row | None:
    """Return the batch's row, locked for a change of state, or None for another client's."""
    return await db.row(
        """select id, state, price, currency, account_id, reserved, filled, filled_to, upload_token, open, deadline, ends_at from batch
           where id = $1 and client_id = $2 for no key update""",
        batch,
        client,
    )


async def locked_state(db: Connection, batch: str) -> str | None:
    """Lock a batch until the end of the transaction, and return its state."""
    return await db.value("select state from batch where id = $1 for no key update", batch)


async def state_and_upload(db: Database, batch: str, client: str) -> Row | None:
    """Return the state of a client's batch, and the place up to which an upload has filled it."""
    return await db.row(
        "select state, filled_to from batch where id = $1 and client_id = $2", batch, client
    )


async def set_state(
    db: Connection, batch: BatchId, state: str, *, reserved: int | None = None
) -> None:
    await db.execute(
        """update batch set state = $2, reserved = coalesce($3, reserved),
             started_at = case when $2 = 'running' then coalesce(started_at, now()) else started_at end,
             closed_at = case when $2 in ('done', 'cancelled') then now() end
           where id = $1""",
        batch,
        state,
        reserved,
    )
    await tallies.count_anew(db, batch)


async def withdraw(db: Connection, batch: str, state: str) -> None:
    """Withdraw every question of the batch that a worker holds; open tasks become `state`."""
    await db.execute("select withdraw_batch(p_batch => $1, p_state => $2)", batch, state)


CLOSABLE = f"""(b.state = 'running' or b.state = 'paused' and b.ends_at is not null) and not b.open
    and not exists (select from task t where t.batch_id = b.id and t.gold is null and t.state = 'open')
    -- A worker may still answer a question that was put to her before its task was cancelled.
    and not exists (select from task t where t.batch_id = b.id and t.state = 'cancelled' and t.held > 0)
    and not {plans.WAITING}"""
"""The condition that a batch `b` has nothing left to wait for at the time `now`."""


async def closable(db: Database, now: datetime) -> list[str]:
    """Return the batches of which every task is decided, and which wait for nothing else."""
    rows = await db.rows(f"select b.id from batch b where {CLOSABLE.format(now='$1')}", now)
    return [row["id"] for row in rows]


async def may_close(db: Connection, batch: str) -> bool:
    """Lock a batch, and return whether it may still be closed."""
    return bool(
        await db.value(
            """select state = 'running' and not open or state = 'paused' and ends_at is not null
               from batch where id = $1 for no key update""",
            batch,
        )
    )
