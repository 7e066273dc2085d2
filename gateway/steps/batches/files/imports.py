"""One import: a helper reads and checks the file, and this process stores its tasks in slices."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gateway.base.errors import Failed
from gateway.base.failpoints import reach
from gateway.steps.batches.files.work import FileWork
from gateway.steps.batches.life.change import Author
from gateway.steps.batches.life.more_tasks import AddingTasks, after_adding
from gateway.steps.batches.prepare import Filled, UploadReading, lines_of, remove, rows_checked
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.fill import store_prepared
from gateway.steps.batches.uploading import Upload, begun
from gateway.store.batches.file_jobs import JobOutcome
from gateway.store.batches.life import changes
from gateway.store.db import Connection

FAULTS_MAX = 1000
"""The bad rows of an import that are listed in full."""
READING_S = 4 * 3600.0
"""The time in which a helper must have read the largest file."""
_LOOK_S = 1.0


async def run_import(work: FileWork) -> None:
    """Read a file and store its tasks, all or none. Raises Refused with the bad rows.

    In a batch that runs and is open, the commit that ends the import also sets their money aside.
    """
    job = work.job
    path = work.folder.path_of(job.file or "")
    if job.file is None or not await asyncio.to_thread(path.is_file):
        raise Failed(
            "the file is not in the folder of this runner: send it again, and tell the operator that "
            "all machines must share one folder (files.folder)",
            retryable=False,
        )
    work.folder.check_room(path.stat().st_size)  # The checked tasks take as much again.
    out = work.folder.path_of(work.name(".tasks"))
    try:
        async with begun(work.rt, job.client, job.batch) as turn:
            adding = AddingTasks(Author(job.asked.get("key", changes.GATEWAY)))
            turn.change = adding
            await _read_and_store(work, turn, adding, path, out)
            added = turn.running
    finally:
        await asyncio.to_thread(remove, out)
    work.rt.jobs.enqueue("publish_events")
    if added:
        await after_adding(work.rt)
    work.folder.remove(job.file)


async def _read_and_store(
    work: FileWork, turn: Upload, adding: AddingTasks, path: Path, out: Path
) -> None:
    rt, asked = work.rt, work.job.asked
    names = rt.vault.pseudonyms(work.job.client)
    reading = UploadReading(names, asked["renamed"], asked["strict"], asked["shape"], FAULTS_MAX)
    batch = await rt.batches.fresh(work.job.batch)  # It may have been changed since it was ordered.
    async with _progress(work, turn, out):
        filled = await rt.helpers.run(
            "prepare",
            path,
            asked["content_type"],
            out,
            batch,
            air_of(rt),
            reading,
            turn.room,
            limit_s=READING_S,
        )
        assert isinstance(filled, Filled)
        reach("import.read")
        rows = filled.tasks + filled.golds
        work.rows_read = work.rows_total = rows
        told = {
            "predictions": filled.predictions,
            "columns": filled.columns,
            "warned": filled.warned,
            "warnings": filled.warnings,
        }

        async def ended(db: Connection) -> None:
            priced = {
                **told,
                "cost_minor": adding.outcome.change.cost_minor if adding.outcome else None,
            }
            await work.end_within(db, JobOutcome(rows=rows, told=priced))

        await store_prepared(turn, filled, lines_of(out), ended)


@asynccontextmanager
async def _progress(work: FileWork, turn: Upload, out: Path) -> AsyncGenerator[None]:
    """Let the job tell how many rows are read and stored while a block works."""

    async def looking() -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            work.rows_done = turn.stored
            if work.rows_total is None:
                with suppress(OSError, ValueError):
                    work.rows_read = int(await asyncio.to_thread(rows_checked(out).read_text))

    looker = asyncio.create_task(looking())
    try:
        yield
    finally:
        looker.cancel()
