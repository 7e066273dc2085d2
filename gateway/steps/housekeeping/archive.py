"""`gateway archive`: months that are old enough are written to files and leave the database.

A month first leaves its table, so that no process writes to it any more. Then its file is written
and checked. Then the month is dropped. A run that is killed in between leaves the month where the
next run finds it.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from gateway.base.errors import Failed, Refused
from gateway.base.failpoints import reach
from gateway.steps.runtime import Runtime
from gateway.store.leader import alone
from gateway.store.retention import months
from gateway.store.retention.archive_file import Writer, Written
from gateway.store.retention.months import MonthOver, StoredMonth

_ARCHIVE_LOCK = 7_301_058
_SMALLER_BY = 2
"""The least factor by which a file is smaller than the rows it holds; measured factors are five to
ten.
"""


@dataclass(frozen=True, slots=True)
class ArchivedMonth:
    """A month that has left the database.

    `file` is None where the month was dropped without a file.
    """

    part: str
    rows: int
    file: Path | None
    size_bytes: int


def folder_of(rt: Runtime) -> Path:
    """Return the folder for archived months."""
    return rt.settings.retention.folder or rt.settings.data_dir / "archive"


async def due_months(rt: Runtime) -> list[str]:
    """Return the names of the months that would leave now, those already on their way first."""
    left = [row.part for row in await months.leaving(rt.db)]
    over = await months.over(rt.db, rt.settings.retention.days, rt.clock.now())
    return left + [row.part for row in over]


async def archive_months(rt: Runtime, *, files: bool = True) -> AsyncGenerator[ArchivedMonth]:
    """Take out all months that are due, one after the other, and yield each that is gone.

    Raises Refused during another run, or where the folder cannot hold the files. Raises Failed
    where the database is too busy.
    """
    async with alone(rt.db, _ARCHIVE_LOCK) as first:
        if not first:
            raise Refused("another gateway archive is at work")
        for row in await months.leaving(rt.db):
            yield await _write(rt, row, files=files)
        for row in await months.over(rt.db, rt.settings.retention.days, rt.clock.now()):
            if files:
                _check_room(folder_of(rt), await months.size(rt.db, row.part))
            await months.detach(rt.db, row.part)
            reach("archive.detached")
            yield await _write(rt, row, files=files)


async def _write(rt: Runtime, row: MonthOver | StoredMonth, *, files: bool) -> ArchivedMonth:
    part = row.part
    if not files:
        await months.drop(rt.db, part, None, 0, 0, None)
        return ArchivedMonth(part, 0, None, 0)
    written = await _file(rt, row)
    reach("archive.written")
    await months.drop(
        rt.db, part, written.path.name, written.rows, written.size_bytes, written.sha256
    )
    return ArchivedMonth(part, written.rows, written.path, written.size_bytes)


async def _file(rt: Runtime, row: MonthOver | StoredMonth) -> Written:
    part = row.part
    header = {
        "table": row.parent,
        "since": row.since,
        "until": row.until,
        "columns": await months.columns(rt.db, part),
    }
    try:
        writer = Writer(folder_of(rt), part, header)
        try:
            async for lines in months.lines(rt.db, part):
                await asyncio.to_thread(writer.add, lines)
            return await asyncio.to_thread(writer.close)
        except BaseException:
            writer.abandon()
            raise
    except OSError as bad:
        raise Failed(
            f"{part} cannot be written to {folder_of(rt)}: {bad.strerror or bad}; "
            "its rows are still in the database: run it again",
            retryable=True,
        ) from bad


def _check_room(folder: Path, size_bytes: int) -> None:
    """Raise Refused where a folder cannot take the file of `size_bytes` bytes of rows."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as bad:
        raise Refused(f"nothing can be written to {folder}: {bad.strerror or bad}") from bad
    if free < size_bytes // _SMALLER_BY:
        raise Refused(
            f"{folder} has {free // 2**20:,} MB free, and {size_bytes // _SMALLER_BY // 2**20:,} MB may be needed"
        )
