"""One export: its rows are read page by page and written to a file as they come."""

import asyncio
import hashlib
from collections.abc import AsyncIterable
from typing import Final

from gateway.base.errors import Refused
from gateway.base.failpoints import reach
from gateway.steps.batches.files.export_rows import ExportSource
from gateway.steps.batches.files.folder import BoundedFile
from gateway.steps.batches.files.order import format_of
from gateway.steps.batches.files.work import FileWork
from gateway.steps.precedence import wait_for_phones
from gateway.store.batches import listed_batches
from gateway.store.batches.file_jobs import JobOutcome
from gateway.tasks.exports.port import Content, ExportRow, ExportWriter

_WRITTEN_AT_ONCE: Final = 1 << 18
_PAUSE_EVERY: Final = 50_000
"""The number of rows after which an export lets phones that wait go first."""


async def run_export(work: FileWork) -> JobOutcome:
    """Write the file of an export. Raises Refused where the format cannot hold the rows."""
    rt, asked = work.rt, work.job.asked
    row = await listed_batches.of_client(rt.db, work.job.client, work.job.batch)
    if row is None:
        raise Refused("the batch does not exist any more")
    shape, content = format_of(asked["format"]), Content(asked["what"])
    source = ExportSource(rt, await rt.batches.fresh(work.job.batch), row["state"], content)
    about = await source.about(work.job.created_at)
    work.rows_total = await source.number(whole_tasks=shape.WHOLE_TASKS)
    name = work.name(shape.SUFFIX)
    file = await asyncio.to_thread(work.folder.create, name)
    try:
        writer = shape.open_writer(about, raw=asked["raw"])
        digest = await _write(work, writer, source.rows(whole_tasks=shape.WHOLE_TASKS), file)
        await asyncio.to_thread(file.finish)
        reach("export.written")
        out = JobOutcome(rows=work.rows_done, file=name, size_bytes=file.size, sha256=digest)
        await work.end(out)
    except BaseException:
        file.abandon()
        work.folder.remove(name)
        raise
    return out


async def _write(
    work: FileWork, writer: ExportWriter, rows: AsyncIterable[ExportRow], file: BoundedFile
) -> str:
    """Write all rows, and return the SHA-256 of the file in hexadecimal digits."""
    digest, waiting, size = hashlib.sha256(), [writer.header()], 0

    async def written() -> None:
        some = b"".join(waiting)
        waiting.clear()
        digest.update(some)
        await asyncio.to_thread(file.write, some)
        reach("export.page")

    async for row in rows:
        some = writer.row(row)
        waiting.append(some)
        size += len(some)
        work.rows_done += 1
        if size >= _WRITTEN_AT_ONCE:
            await written()
            size = 0
        if not work.rows_done % _PAUSE_EVERY:
            await wait_for_phones(work.rt)
    waiting.append(writer.end())
    await written()
    return digest.hexdigest()
