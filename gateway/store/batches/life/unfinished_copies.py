"""Copies of batches whose tasks are not all stored yet. A killed process leaves such a draft."""

from datetime import datetime, timedelta
from typing import Final

from gateway.store.batches.life.drafts import delete_draft
from gateway.store.db import Connection, Database

_CUT_OFF: Final = timedelta(hours=1)
"""The time after which no process works on a copy any more, unless it holds an upload."""


async def begin(db: Connection, batch: str) -> None:
    """Record that the tasks of a new draft are to follow."""
    await db.execute("insert into unfinished_copy (batch_id) values ($1)", batch)


async def finish(db: Connection, batch: str) -> None:
    """Record that all tasks of a copy are there."""
    await db.execute("delete from unfinished_copy where batch_id = $1", batch)


async def is_unfinished(db: Database | Connection, batch: str) -> bool:
    """Return whether tasks of a draft are missing."""
    return await db.value(
        """select exists (select from unfinished_copy c join batch b on b.id = c.batch_id
             where c.batch_id = $1 and b.state = 'draft')""",
        batch,
    )


async def remove(db: Database, batch: str) -> None:
    """Delete a draft whose tasks are missing, with those that were stored of it."""
    async with db.transaction() as within:
        await within.value("select id from batch where id = $1 for update", batch)
        if await is_unfinished(within, batch):
            await delete_draft(within, batch)


async def remove_cut_off(db: Database, now: datetime) -> None:
    """Delete the drafts that killed processes have left."""
    rows = await db.rows(
        """select c.batch_id from unfinished_copy c join batch b on b.id = c.batch_id
           where b.state = 'draft' and c.created_at < $1 and (b.upload_until is null or b.upload_until < now())
           order by c.created_at limit 10""",
        now - _CUT_OFF,
    )
    for row in rows:
        await remove(db, row["batch_id"])
