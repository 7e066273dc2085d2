"""The bonuses that clients pay to workers of their batches."""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import AccountId, WorkerId
from gateway.store.db import Connection, Database, Row


@dataclass(frozen=True, slots=True)
class BonusWorker:
    """A worker who answered in a batch, as a bonus needs her."""

    worker: WorkerId
    account: AccountId
    language: str
    channel: str
    sealed: bytes


async def worker_of(db: Connection, batch: str, worker: int) -> BonusWorker | None:
    """Return the worker, or None where she never answered in this batch."""
    row = await db.row(
        """select w.id, w.account_id, w.language, w.sms_channel, w.msisdn_sealed from worker w
           where w.id = $2 and exists (select from answer x join task t on t.id = x.task_id
             where x.worker_id = w.id and t.batch_id = $1)""",
        batch,
        worker,
    )
    if row is None:
        return None
    return BonusWorker(
        WorkerId(row["id"]),
        AccountId(row["account_id"]),
        row["language"],
        row["sms_channel"],
        row["msisdn_sealed"],
    )


@dataclass(frozen=True, slots=True)
class Bonus:
    """A bonus that a client paid."""

    id: int
    worker: int
    amount_minor: int
    reason: str
    at: datetime


async def insert(
    db: Connection, batch: str, worker: int, key: str, amount_minor: int, reason: str
) -> int | None:
    """Insert a bonus and return its id, or None where the batch has one with this key."""
    return await db.value(
        """insert into client_bonus (batch_id, worker_id, key, amount, reason) values ($1, $2, $3, $4, $5)
           on conflict (batch_id, key) do nothing returning id""",
        batch,
        worker,
        key,
        amount_minor,
        reason,
    )


async def by_key(db: Connection | Database, batch: str, key: str) -> Bonus | None:
    """Return the bonus with this key, or None."""
    row = await db.row(
        "select id, worker_id, amount, reason, created_at from client_bonus where batch_id = $1 and key = $2",
        batch,
        key,
    )
    return _bonus(row) if row else None


async def of_batch(db: Database, batch: str) -> list[Bonus]:
    """Return the bonuses of a batch, oldest first."""
    rows = await db.rows(
        "select id, worker_id, amount, reason, created_at from client_bonus where batch_id = $1 order by id",
        batch,
    )
    return [_bonus(row) for row in rows]


def _bonus(row: Row) -> Bonus:
    return Bonus(row["id"], row["worker_id"], row["amount"], row["reason"], row["created_at"])
