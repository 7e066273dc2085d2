"""The gateway's own books, as a replay compares them with those of the phones and the provider."""

from gateway.store.db import Database, Row


async def answers_of(db: Database, batch: str) -> list[Row]:
    """Return each answer of a batch: its task, the worker's index, its value, and its copies."""
    return await db.rows(
        """select t.name as task, w.msisdn_index as index, a.value,
             count(*) over (partition by a.task_id, a.worker_id) as times
           from answer a join task t on t.id = a.task_id join worker w on w.id = a.worker_id
           where t.batch_id = $1""",
        batch,
    )


async def earned_in(db: Database, batch: str) -> int:
    """Return the money that the answers of a batch have earned, in minor units."""
    return await db.value(
        """select coalesce(sum(f.amount), 0)::bigint from answer a join task t on t.id = a.task_id
           join transfer f on f.id = a.transfer_id where t.batch_id = $1""",
        batch,
    )


async def accepted_messages(db: Database) -> list[Row]:
    """Return the provider's id and the segments of each accepted message."""
    return await db.rows("select provider_id, segments from outbox where state = 'accepted'")


async def messages_not_accepted(db: Database) -> list[Row]:
    """Return how many messages are in another state than accepted, by state and reason."""
    return await db.rows(
        """select state, purpose, reason, count(*) as number from outbox
           where state not in ('accepted', 'cancelled') group by state, purpose, reason"""
    )


async def events_not_done(db: Database, limit: int) -> list[Row]:
    """Return the kind and the error of at most `limit` inbound events that are not done."""
    return await db.rows("select kind, error from inbox where state <> 'done' limit $1", limit)


async def payouts(db: Database) -> list[Row]:
    """Return the key, the amount and the state of each payout."""
    return await db.rows("select key, amount, state from payout")


async def workers(db: Database) -> list[Row]:
    """Return the id and the index of the number of each worker."""
    return await db.rows("select id, msisdn_index from worker")


async def work_left(db: Database) -> Row:
    """Return the numbers of payouts, of open payouts, and of messages that are not sent."""
    row = await db.row(
        """select (select count(*) from payout) as payouts,
             (select count(*) from payout where settled_at is null) as open,
             (select count(*) from outbox where state in ('queued', 'sending')) as messages"""
    )
    assert row is not None
    return row


async def events_waiting(db: Database) -> int:
    """Return the number of inbound events that wait."""
    return await db.value("select count(*) from inbox where state = 'waiting'")
