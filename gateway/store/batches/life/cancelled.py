"""Batches that were cancelled while workers held their questions.

She was asked, so she may answer, and is paid. The money for these answers stays with the batch
until each is given or its time is over.
"""

from gateway.store.db import Connection, Database

OVER = """(b.state = 'cancelled' and b.closed_at is null
    and not exists (select from task t where t.batch_id = b.id and t.state = 'cancelled' and t.held > 0)
    and not exists (select from check_batch c join batch k on k.id = c.batch_id
      where c.parent_id = b.id and k.state = 'cancelled' and k.closed_at is null))"""
"""The condition that a cancelled batch `b` waits for no answer any more."""


async def cancel_open_tasks(db: Connection, batch: str) -> int:
    """Cancel the open tasks of a locked batch, and return how many questions workers hold.

    The tasks are locked in the order of their ids, as every turn does.
    """
    return await db.value(
        """with left_over as (select id, held from task where batch_id = $1 and state = 'open' order by id for update),
             done as (update task t set state = 'cancelled', wanted = t.answered + t.held, maximum = t.answered + t.held
               from left_over l where t.id = l.id),
             free as (update directed d set asked = true from left_over l where d.task_id = l.id and not d.asked)
           select coalesce(sum(held), 0)::int from left_over""",
        batch,
    )


async def wait_for_answers(db: Connection, batch: str) -> None:
    """Let a cancelled batch wait for the answers of workers who hold its questions."""
    await db.execute(
        "update batch set ends_at = now(), closed_at = null where id = $1 and state = 'cancelled'",
        batch,
    )


async def kept_minor(db: Connection, batch: str) -> int:
    """Return what the answers that a cancelled batch waits for may still cost."""
    return await db.value(
        """select coalesce(sum(t.held), 0)::bigint * (b.price + b.partner_price)
           from batch b left join task t on t.batch_id = b.id and t.state = 'cancelled' and t.held > 0
           where b.id = $1 group by b.id""",
        batch,
    )


async def checks_wait(db: Connection, batch: str) -> bool:
    """Return whether a cancelled review or audit of a batch waits for answers."""
    return await db.value(
        """select exists (select from check_batch c join batch k on k.id = c.batch_id
             where c.parent_id = $1 and k.state = 'cancelled' and k.closed_at is null)""",
        batch,
    )


async def over(db: Database) -> list[str]:
    """Return cancelled batches that wait for no answer any more, those of checks first."""
    rows = await db.rows(
        f"""select b.id from batch b where {OVER}
            order by exists (select from check_batch c where c.batch_id = b.id) desc, b.id limit 100"""
    )
    return [row["id"] for row in rows]


async def end_waiting(db: Connection, batch: str) -> bool:
    """Lock a cancelled batch and end its waiting. Return False where it waits, or is over already.

    The money that returns then is that of another round.
    """
    await db.value("select id from batch where id = $1 for no key update", batch)
    return bool(
        await db.value(
            f"""update batch b set closed_at = now(), rounds = b.rounds + 1 where b.id = $1 and {OVER} returning true""",
            batch,
        )
    )


async def next_round(db: Connection, batch: str) -> bool:
    """Count money that returns to a batch which is done. Return False for another batch."""
    return bool(
        await db.value(
            "update batch set rounds = rounds + 1 where id = $1 and state = 'done' returning true",
            batch,
        )
    )
