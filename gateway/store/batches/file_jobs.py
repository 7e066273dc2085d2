"""The imports and exports that clients order, and which a runner does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from gateway.base.errors import Fault
from gateway.base.ids import BatchId, ClientId
from gateway.store.db import Connection, Database, Row


class JobKind(StrEnum):
    """The kinds of file job."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class FileJob:
    """An import of tasks into a batch, or an export from one."""

    id: str
    batch: BatchId
    client: ClientId
    kind: JobKind
    state: str
    """One of queued, running, ready and failed."""
    asked: Mapping[str, Any]
    """The order: the way to read an import, or the content and format of an export."""
    file: str | None
    """The name of the file in the folder of files, or None when it was removed."""
    rows_read: int
    rows_done: int
    rows_total: int | None
    size_bytes: int | None
    sha256: str | None
    reason: str
    problems: Sequence[Mapping[str, Any]]
    """The first bad rows of an import, as `{row, field, message}`."""
    problems_total: int
    outcome: Mapping[str, Any] | None
    """The columns and the dear texts of an import that is ready."""
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewJob:
    """An order that is to be stored."""

    id: str
    batch: str
    client: ClientId
    kind: JobKind
    asked: Mapping[str, Any]
    file: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The end of a job. A reason says that it failed."""

    rows: int = 0
    reason: str = ""
    problems: Sequence[Fault] = ()
    problems_total: int = 0
    file: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    told: Mapping[str, Any] | None = None
    """The columns and the dear texts of an import."""


_COLUMNS: Final = """id, batch_id, client_id, kind, state, asked, file, rows_read, rows_done, rows_total, bytes, sha256,
  reason, problems, problems_total, outcome, attempts, created_at, started_at, ended_at, expires_at"""


async def insert(db: Connection | Database, job: NewJob, now: datetime) -> FileJob:
    """Store an order, which is due now."""
    row = await db.row(
        f"""insert into file_job (id, batch_id, client_id, kind, asked, file, bytes, sha256, created_at, due_at)
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) returning {_COLUMNS}""",
        job.id,
        job.batch,
        job.client,
        job.kind.value,
        dict(job.asked),
        job.file,
        job.size_bytes,
        job.sha256,
        now,
    )
    assert row is not None
    return _job(row)


async def number_open(db: Connection | Database, client: ClientId) -> int:
    """Return how many jobs of a client wait or run."""
    return await db.value(
        "select count(*) from file_job where client_id = $1 and due_at is not null", client
    )


async def open_import(db: Connection | Database, batch: str) -> str | None:
    """Return an import into this batch that waits or runs, if there is one."""
    return await db.value(
        """select id from file_job where batch_id = $1 and kind = 'import' and due_at is not null
             order by created_at limit 1""",
        batch,
    )


async def one(db: Database, batch: str, kind: JobKind, job: str) -> FileJob | None:
    """Return a job of a batch, or None when the batch has no such job."""
    row = await db.row(
        f"select {_COLUMNS} from file_job where id = $1 and batch_id = $2 and kind = $3",
        job,
        batch,
        kind.value,
    )
    return None if row is None else _job(row)


async def page(
    db: Database, batch: str, kind: JobKind, *, after: str | None, limit: int
) -> list[FileJob]:
    """Return jobs of a batch, newest first, behind the job `after`."""
    rows = await db.rows(
        f"""select {_COLUMNS} from file_job where batch_id = $1 and kind = $2
              and ($3::text is null or (created_at, id) < (select created_at, id from file_job where id = $3 and batch_id = $1))
            order by created_at desc, id desc limit $4""",
        batch,
        kind.value,
        after,
        limit,
    )
    return [_job(row) for row in rows]


async def number(db: Database, batch: str, kind: JobKind) -> int:
    """Return how many jobs of this kind a batch has."""
    return await db.value(
        "select count(*) from file_job where batch_id = $1 and kind = $2", batch, kind.value
    )


async def claim(db: Database, token: UUID, now: datetime, until: datetime) -> FileJob | None:
    """Give the oldest due job to the runner `token` until that time. None: no job is due.

    Imports into one batch are done one after the other.
    """
    row = await db.row(
        f"""update file_job set state = 'running', token = $1, due_at = $3, attempts = attempts + 1,
              started_at = coalesce(started_at, $2), rows_read = 0, rows_done = 0, rows_total = null
            where id = (select j.id from file_job j where j.due_at <= $2
                and not (j.kind = 'import' and exists (select from file_job o
                  where o.batch_id = j.batch_id and o.kind = 'import' and o.state = 'running' and o.due_at > $2))
              order by j.due_at, j.id limit 1 for update skip locked)
            returning {_COLUMNS}""",
        token,
        now,
        until,
    )
    return None if row is None else _job(row)


async def renew(
    db: Connection | Database,
    job: str,
    token: UUID,
    until: datetime,
    progress: tuple[int, int, int | None],
) -> bool:
    """Keep a job and tell its progress: rows read, rows done and all rows.

    Return False when another runner has the job, or when it is gone.
    """
    return bool(
        await db.value(
            """update file_job set due_at = $3, rows_read = $4, rows_done = $5, rows_total = $6
               where id = $1 and token = $2 and state = 'running' returning true""",
            job,
            token,
            until,
            *progress,
        )
    )


async def let_go(db: Database, job: str, token: UUID, at: datetime) -> None:
    """Give a job back, so that a runner begins it again at that time."""
    await db.execute(
        """update file_job set state = 'queued', token = null, due_at = $3
           where id = $1 and token = $2 and state = 'running'""",
        job,
        token,
        at,
    )


async def end(
    db: Connection, job: FileJob, token: UUID, out: JobOutcome, now: datetime, expires_at: datetime
) -> bool:
    """End a job, and tell the client in the same transaction.

    Return False, with nothing done, when another runner has the job.
    """
    failed = bool(out.reason)
    moved = await db.value(
        """update file_job set state = $3, due_at = null, token = null, ended_at = $4, expires_at = $5,
             rows_read = greatest(rows_read, $6), rows_done = $6, rows_total = case when $7 then rows_total else $6 end, reason = $8, problems = $9,
             problems_total = $10, file = $11, bytes = coalesce($12, bytes), sha256 = coalesce($13, sha256), outcome = $14
           where id = $1 and token = $2 and state = 'running' returning true""",
        job.id,
        token,
        "failed" if failed else "ready",
        now,
        expires_at,
        0 if failed else out.rows,
        failed,
        out.reason,
        [
            {"row": one.row, "field": one.field, "rule": one.rule, "message": one.message}
            for one in out.problems
        ],
        out.problems_total,
        out.file,
        out.size_bytes,
        out.sha256,
        None if out.told is None else dict(out.told),
    )
    if moved:
        await _tell(db, job, "failed" if failed else "ready")
    return bool(moved)


async def _tell(db: Connection, job: FileJob, state: str) -> None:
    good = "finished" if job.kind is JobKind.IMPORT else "ready"
    await db.execute(
        "select tell_client(p_client => $1, p_batch => $2, p_type => $3, p_data => $4)",
        job.client,
        job.batch,
        f"{job.kind}.{good if state == 'ready' else 'failed'}",
        {"batch": job.batch, job.kind.value: job.id, "state": state},
    )


async def expired(db: Database, now: datetime, most: int) -> list[tuple[str, str]]:
    """Return ended jobs whose file is to be removed: their ids and the names of the files."""
    rows = await db.rows(
        """select id, file from file_job where expires_at <= $1 and file is not null and due_at is null
           order by expires_at limit $2""",
        now,
        most,
    )
    return [(row["id"], row["file"]) for row in rows]


async def forget_file(db: Database, job: str) -> None:
    """Record that the file of an ended job was removed."""
    await db.execute("update file_job set file = null where id = $1 and due_at is null", job)


async def forget(db: Database, before: datetime) -> None:
    """Delete the rows of jobs that expired before that time and have no file."""
    await db.execute(
        "delete from file_job where expires_at < $1 and file is null and due_at is null", before
    )


async def known_files(db: Database, names: Sequence[str]) -> set[str]:
    """Return those of these jobs that exist and may still have a file."""
    rows = await db.rows(
        "select id from file_job where id = any($1::text[]) and (file is not null or due_at is not null)",
        list(names),
    )
    return {row["id"] for row in rows}


def _job(row: Row) -> FileJob:
    return FileJob(
        id=row["id"],
        batch=BatchId(row["batch_id"]),
        client=ClientId(row["client_id"]),
        kind=JobKind(row["kind"]),
        state=row["state"],
        asked=row["asked"],
        file=row["file"],
        rows_read=row["rows_read"],
        rows_done=row["rows_done"],
        rows_total=row["rows_total"],
        size_bytes=row["bytes"],
        sha256=row["sha256"],
        reason=row["reason"],
        problems=row["problems"],
        problems_total=row["problems_total"],
        outcome=row["outcome"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        expires_at=row["expires_at"],
    )
