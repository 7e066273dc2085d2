"""The events of clients, and the messages that are made of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.base.ids import BatchId, ClientId
from gateway.store.batches import tallies
from gateway.store.db import Connection, Database, Write


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """A fact that a client will be told."""

    id: int
    client: ClientId
    batch: str | None
    type: str
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class WatchedBatch:
    """A running batch whose client is told of its progress."""

    batch: BatchId
    client: ClientId
    told_percent: int
    answers: int
    answers_wanted: int
    is_running: bool


def low_money(client: ClientId, batch: BatchId, reserved_minor: int) -> Write:
    """Tell the client if its free money would not pay for such a batch once more."""
    return Write("tell_low_money", {"client": client, "batch": batch, "reserved": reserved_minor})


async def take(db: Connection, most: int) -> list[ClientEvent]:
    """Delete the oldest events and return them, oldest first.

    Another process does not get the same ones. They come back if the transaction fails.
    """
    rows = await db.rows(
        """with taken as (
             delete from client_event where id in
               (select id from client_event order by id limit $1 for update skip locked)
             returning id, client_id, batch_id, type, data, at)
           select * from taken order by id""",
        most,
    )
    return [
        ClientEvent(
            row["id"],
            ClientId(row["client_id"]),
            row["batch_id"],
            row["type"],
            row["data"],
            row["at"],
        )
        for row in rows
    ]


async def publish(db: Connection, message: str, of: ClientEvent, body: str) -> int:
    """Make a message and a delivery for each webhook that receives it; return their number."""
    return await db.value(
        "select publish_event(p_message => $1, p_client => $2, p_batch => $3, p_type => $4, p_body => $5, p_at => $6)",
        message,
        of.client,
        of.batch,
        of.type,
        body,
        of.at,
    )


async def watched(db: Database, now: datetime, most: int) -> list[WatchedBatch]:
    """Return batches whose progress is due for a look."""
    rows = await db.rows(
        f"""select b.id, b.client_id, w.percent, b.state = 'running' as is_running, c.answers_real, c.answers_wanted
            from (select batch_id, percent from batch_progress where look_at <= $1 order by look_at limit $2) w
            join batch b on b.id = w.batch_id {tallies.OF_BATCH}""",
        now,
        most,
    )
    return [
        WatchedBatch(
            batch=BatchId(row["id"]),
            client=ClientId(row["client_id"]),
            told_percent=row["percent"],
            answers=row["answers_real"],
            answers_wanted=row["answers_wanted"],
            is_running=row["is_running"],
        )
        for row in rows
    ]


async def tell_progress(
    db: Connection, one: WatchedBatch, percent: int, data: dict[str, Any]
) -> None:
    """Write the event of a batch that has reached `percent`, unless it was told before."""
    moved = await db.execute(
        "update batch_progress set percent = $2 where batch_id = $1 and percent < $2",
        one.batch,
        percent,
    )
    if moved != "UPDATE 0":
        await db.execute(
            "select tell_client(p_client => $1, p_batch => $2, p_type => 'batch.progress', p_data => $3)",
            one.client,
            one.batch,
            data,
        )


async def look_later(db: Connection, batch: BatchId, at: datetime) -> None:
    """Look at a batch's progress again at that time."""
    await db.execute("update batch_progress set look_at = $2 where batch_id = $1", batch, at)


async def forget_progress(db: Connection, batch: BatchId) -> None:
    """Watch a batch no longer that does not run."""
    await db.execute(
        """delete from batch_progress p where batch_id = $1
             and not exists (select from batch b where b.id = $1 and b.state = 'running')""",
        batch,
    )


async def forget_messages(db: Database, before: datetime, most: int) -> int:
    """Delete messages that are older, with their deliveries, and return how many."""
    done = await db.execute(
        """delete from webhook_message where id in
             (select id from webhook_message where at < $1 order by at limit $2)""",
        before,
        most,
    )
    return int(done.split()[-1])
