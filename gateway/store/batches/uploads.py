"""An upload of tasks on its way into a draft, stored in slices that commit.

No reader sees it before its last slice. `batch.filled_to` is the position of the last task that
counts (null for all). An upload sets it before its first slice and clears it with its last. So a
process that is killed in between leaves only rows that are never read. `upload_token` names the
upload that may write, and `upload_until` says how long. An upload that takes over cannot be
disturbed by the one before.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class TaskSlice:
    """The consecutive tasks that an upload stores in one commit."""

    rows: Sequence[bytes]
    """The columns of each task as COPY reads them, except batch and position."""
    directed: Sequence[tuple[int, Sequence[int]]] = ()
    """The tasks that are addressed to workers: the place in the slice, from 0, and the ids of the
    workers.
    """
    predicted: Sequence[tuple[int, str, float | None]] = ()
    """The tasks with a prediction: the place in the slice, from 0, the option and the score."""


COLUMNS = (
    "name",
    "text",
    "gold",
    "audience",
    "directed",
    "maximum",
    "wanted",
    "skill_wanted",
    "gold_reason",
    "own",
)
"""The columns of a row of a slice, in order."""


async def is_going_on(db: Connection, batch: str) -> bool:
    """Return whether an upload into the batch goes on."""
    return bool(await db.value("select upload_until > now() from batch where id = $1", batch))


async def lease_upload(
    db: Connection, batch: str, token: UUID, lease_s: float, doing: object
) -> int:
    """Let the upload `token` fill a draft, and return the position of the last task that counts."""
    return await db.value(
        """update batch set upload_token = $2, upload_until = now() + make_interval(secs => $3), background = $4,
             filled_to = coalesce(filled_to, (select max(position) from task where batch_id = $1), 0)
           where id = $1 returning filled_to""",
        batch,
        token,
        lease_s,
        doing,
    )


async def renew_upload(
    db: Connection | Database, batch: str, token: UUID, lease_s: float, doing: object = None
) -> str | None:
    """Extend the lease of an upload and record its progress.

    Return the batch's state, or None when the lease belongs to another upload.
    """
    return await db.value(
        """update batch set upload_until = now() + make_interval(secs => $3), background = coalesce($4, background)
           where id = $1 and upload_token = $2 returning state""",
        batch,
        token,
        lease_s,
        doing,
    )


async def append_slice(
    db: Connection, batch: str, after: int, some: TaskSlice, *, hidden: bool = False
) -> None:
    """Append a slice behind the position `after`.

    Its tasks are `hidden` from workers, where the batch runs, until all of the upload are stored.

    The names must be new to the batch (unique in the database).
    """
    rows = (
        [b"%b\tuploading\n" % row.removesuffix(b"\n") for row in some.rows] if hidden else some.rows
    )
    columns = ("batch_id", "position", *COLUMNS, *(("state",) if hidden else ()))
    await db.copy("task", columns, source=_piece(batch, after, rows))
    if some.directed:
        pairs = [
            (after + 1 + place, worker, n)
            for place, workers in some.directed
            for n, worker in enumerate(workers)
        ]
        await db.execute(
            """insert into directed (task_id, worker_id, position, batch_position)
                 select t.id, w.id, w.n, t.position from unnest($2::int[], $3::bigint[], $4::smallint[]) as w(position, id, n)
                 join task t on t.batch_id = $1 and t.position = w.position""",
            batch,
            [position for position, _, _ in pairs],
            [worker for _, worker, _ in pairs],
            [n for _, _, n in pairs],
        )
    if some.predicted:
        await db.execute(
            """insert into prediction (task_id, batch_id, value, score)
                 select t.id, t.batch_id, p.value, p.score from unnest($2::int[], $3::text[], $4::real[]) as p(position, value, score)
                 join task t on t.batch_id = $1 and t.position = p.position""",
            batch,
            [after + 1 + place for place, _, _ in some.predicted],
            [value for _, value, _ in some.predicted],
            [score for _, _, score in some.predicted],
        )


async def _piece(batch: str, after: int, rows: Sequence[bytes]) -> AsyncIterator[bytes]:
    yield b"".join(
        b"%b\t%d\t%b" % (batch.encode(), n, row) for n, row in enumerate(rows, after + 1)
    )


async def remove_behind(db: Connection, batch: str, position: int, most: int) -> int:
    """Remove up to `most` tasks behind a position, the last first; return how many there were."""
    return await db.value(
        """with gone as materialized (select id from task where batch_id = $1 and position > $2 order by position desc limit $3),
             lines as (delete from directed d using gone g where d.task_id = g.id),
             tasks as (delete from task t using gone g where t.id = g.id returning t.id)
           select count(*) from tasks""",
        batch,
        position,
        most,
    )


async def publish_upload(
    db: Connection | Database, batch: str, token: UUID, filled: Mapping[str, object] | None
) -> bool:
    """Let all tasks of a draft count, and end the upload.

    Return False, with nothing done, when its lease is over. `filled` is the sum of the uploads, or
    None if that is computed later. The weights of messages are computed again.
    """
    return bool(
        await db.value(
            """update batch set upload_token = null, upload_until = null, filled_to = null, background = null,
                 filled = $3, weights = null where id = $1 and upload_token = $2 and state = 'draft' returning true""",
            batch,
            token,
            filled and dict(filled),
        )
    )


@dataclass(frozen=True, slots=True)
class AddedSlots:
    """The tasks that an upload adds to a batch that runs, in numbers."""

    tasks: int
    golds: int
    slots: int
    """The most answers that they may have to be paid for."""


async def publish_added(
    db: Connection, batch: str, after: int, gold_answers: int, filled: Mapping[str, object] | None
) -> AddedSlots:
    """Let the uploaded tasks of a running batch be asked, end the upload, and return their numbers.

    `gold_answers` is the most answers of a gold question that is for any worker.
    """
    row = await db.row(
        """with new as (
             update task set state = 'open',
               maximum = case when gold is not null and not directed then least(maximum, $3) else maximum end,
               wanted = case when gold is not null and not directed then least(wanted, $3) else wanted end
             where batch_id = $1 and position > $2 and state = 'uploading' returning gold, maximum)
           select count(*) filter (where gold is null)::int as tasks, count(gold)::int as golds,
             coalesce(sum(maximum), 0)::bigint as slots from new""",
        batch,
        after,
        gold_answers,
    )
    assert row is not None
    await db.execute(
        """update batch set upload_token = null, upload_until = null, filled_to = null, background = null,
             filled = $2, weights = null where id = $1""",
        batch,
        filled and dict(filled),
    )
    return AddedSlots(**row)


async def lock_upload(db: Connection, batch: str, token: UUID) -> str | None:
    """Lock the batch of an upload. Return its state, or None when the lease is over."""
    return await db.value(
        "select state from batch where id = $1 and upload_token = $2 for no key update",
        batch,
        token,
    )


async def end_upload(db: Connection, batch: str, token: UUID) -> None:
    """End an upload that has left no tasks behind."""
    await db.execute(
        """update batch set upload_token = null, upload_until = null, filled_to = null, background = null
           where id = $1 and upload_token = $2""",
        batch,
        token,
    )


async def cut_off(db: Database, most: int) -> list[str]:
    """Return batches whose upload ended without finishing."""
    rows = await db.rows(
        "select id from batch where upload_until < now() order by upload_until limit $1", most
    )
    return [row["id"] for row in rows]


async def take_over(db: Database, batch: str, token: UUID, lease_s: float) -> int | None:
    """Take over an upload that was cut off.

    Return the position of the last task that counts, or None when it was not cut off.
    """
    return await db.value(
        """update batch set upload_token = $2, upload_until = now() + make_interval(secs => $3)
           where id = $1 and upload_until < now() returning filled_to""",
        batch,
        token,
        lease_s,
    )


async def plan_anew(db: Database) -> None:
    """Analyse the tables into which many rows came at once, so that statements are planned anew."""
    await db.execute("select plan_anew()")
