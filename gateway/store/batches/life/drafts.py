"""Drafts that are edited, copied or deleted, and the tasks that go with them."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from gateway.store.db import Connection, Database

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as its client has uploaded it."""

    name: str
    text: str
    gold: str | None
    gold_reason: str | None
    audience: dict[str, list[object]] | None
    workers: tuple[int, ...]
    """The workers to whom it is addressed, in the order in which they are asked."""
    own: Mapping[str, object] | None
    predicted: tuple[str, float | None] | None = None
    """The prediction of a model of the client's, and its score."""


async def uploaded_tasks(db: Database, batch: str) -> AsyncGenerator[StoredTask]:
    """Yield the tasks of a batch in the order of its uploads.

    Gold that was made of results is left out. Memory stays flat.
    """
    position = 0
    while True:
        rows = await db.rows(
            """select t.position, t.name, t.text, t.gold, t.gold_reason, t.audience, t.own,
                 case when t.directed then array(select d.worker_id from directed d where d.task_id = t.id
                   order by d.position, d.worker_id) else '{}' end as workers, p.value as predicted, p.score
               from task t left join prediction p on p.task_id = t.id where t.batch_id = $1 and t.promoted_from is null and t.state <> 'uploading' and t.position > $2
                 and t.position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)
               order by t.position limit $3""",
            batch,
            position,
            _PAGE,
        )
        for row in rows:
            yield StoredTask(
                row["name"],
                row["text"],
                row["gold"],
                row["gold_reason"],
                row["audience"],
                tuple(row["workers"]),
                row["own"],
                None if row["predicted"] is None else (row["predicted"], row["score"]),
            )
        if len(rows) < _PAGE:
            return
        position = rows[-1]["position"]


async def has_tasks(db: Database, batch: str) -> bool:
    """Return whether a batch has any task."""
    return bool(await db.value("select exists (select from task where batch_id = $1)", batch))


async def remove_tasks(db: Connection, batch: str) -> None:
    """Remove all tasks of a draft."""
    await db.execute(
        "delete from directed d using task t where t.batch_id = $1 and d.task_id = t.id", batch
    )
    await db.execute("delete from task where batch_id = $1", batch)


async def set_filled(db: Connection, batch: str, filled: Mapping[str, object]) -> None:
    """Store the sums of a draft's tasks, and end the upload that stored them."""
    await db.execute(
        """update batch set filled = $2, weights = null, upload_token = null, upload_until = null, filled_to = null,
             background = null where id = $1""",
        batch,
        dict(filled),
    )


async def remove_permission(db: Connection, batch: str) -> None:
    """Remove the permission to start a draft below the floor. It was given for other terms."""
    await db.execute("delete from floor_allowance where batch_id = $1", batch)


async def remove_plan(db: Connection, batch: str) -> None:
    """Remove the quality steps of a draft."""
    await db.execute("delete from quality_plan where batch_id = $1", batch)


async def webhooks_of(db: Connection, batch: str) -> int:
    """Return the number of webhooks that are told of this batch only."""
    return await db.value("select count(*) from webhook where batch_id = $1", batch)


async def delete_draft(db: Connection, batch: str) -> None:
    """Delete a locked draft with its tasks and all that was noted about it."""
    await remove_tasks(db, batch)
    for table in (
        "unfinished_copy",
        "tally",
        "quality_plan",
        "batch_promise",
        "floor_allowance",
        "rule_trial",
        "batch_change",
    ):
        await db.execute(f"delete from {table} where batch_id = $1", batch)
    await db.execute("delete from batch where id = $1", batch)
