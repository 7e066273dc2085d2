"""Fill a batch with tasks: an upload of its client, or tasks that were prepared before."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import asyncpg

from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.ids import ClientId
from gateway.steps.batches.life.more_tasks import AddingTasks, after_adding
from gateway.steps.batches.prepare import Filled, UploadReading, lines_of, slices_of, write_specs
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.uploading import SLICE, AlsoWritten, Upload, begun
from gateway.steps.repeated import keep_answer
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.tasks.intake import TaskSpec

# PostgreSQL's text for an existing key: Key (batch_id, name)=(b_1, shop 7) already exists.
_TAKEN_ID = re.compile(r"\)=\([^,]*, (.*)\) already exists\.\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A client's file of tasks, and how the client wants it to be read."""

    path: Path
    content_type: str
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    """The columns from which fields are taken, by field, where they differ."""
    strict: bool = False
    """Refuse columns of the client's own."""
    shape: str = "auto"
    """The shape of the file, or `auto` to recognise it."""


async def add_tasks(rt: Runtime, client: ClientId, batch_id: str, specs: Sequence[TaskSpec]) -> int:
    """Add a few checked tasks of the gateway's own to a draft, all or none.

    A client's tasks come by `upload`.
    """
    batch, lines = await rt.batches.get(batch_id), list[bytes]()
    filled = write_specs(specs, batch, air_of(rt), lines.append)
    await add_prepared(rt, client, batch_id, filled, lines)
    return len(lines)


async def upload_tasks(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    file: UploadedFile,
    out: Path,
    adding: AddingTasks | None = None,
    told: Callable[[Filled], object] | None = None,
) -> Filled:
    """Check an upload in a helper, which writes its tasks to `out`, and store them, all or none.

    `adding` is for a batch that runs and is open: its new tasks cost money at once. `told` returns
    the answer to the client, which is kept in the transaction that lets the tasks count.

    Raises Refused naming row and column, or the limit of the batch that was reached.
    """
    async with begun(rt, client, batch_id) as turn:
        batch = await rt.batches.fresh(batch_id)  # Another process may have edited the draft.
        turn.change = adding
        filled = await rt.helpers.run(
            "prepare",
            file.path,
            file.content_type,
            out,
            batch,
            air_of(rt),
            UploadReading(rt.vault.pseudonyms(client), file.renamed, file.strict, file.shape),
            turn.room,
        )
        assert isinstance(filled, Filled)
        if adding is not None and adding.author.dry_run and not turn.running:
            await turn.take_back()
            return filled
        keep = partial(_keep_told, told, filled) if told is not None else None
        await store_prepared(turn, filled, lines_of(out), keep)
    if adding is not None and adding.outcome is not None and not adding.author.dry_run:
        await after_adding(rt)
    return filled


async def _keep_told(told: Callable[[Filled], object], filled: Filled, db: Connection) -> None:
    await keep_answer(db, HTTPStatus.CREATED, told(filled))


async def add_prepared(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    filled: Filled,
    lines: Iterable[bytes],
    with_them: AlsoWritten | None = None,
) -> None:
    """Store tasks that `prepare` has checked, all or none: their lines and their sums.

    `with_them` writes more in the transaction that lets them count.
    """
    async with begun(rt, client, batch_id) as turn:
        await store_prepared(turn, filled, lines, with_them)


async def add_once(
    rt: Runtime, client: ClientId, batch_id: str, filled: Filled, lines: Iterable[bytes]
) -> None:
    """Store prepared tasks in a draft that has none yet; do nothing in one that has some."""
    async with begun(rt, client, batch_id) as turn:
        if turn.after:
            await turn.take_back()
        else:
            await store_prepared(turn, filled, lines)


async def store_prepared(
    turn: Upload, filled: Filled, lines: Iterable[bytes], with_them: AlsoWritten | None = None
) -> None:
    """Store the prepared tasks of an upload whose turn it is, all or none.

    `with_them` writes more in the transaction that lets them count. Raises Refused for an id that
    the batch has already, and for a worker who does not exist.
    """
    try:
        await turn.store(slices_of(lines, SLICE), filled, with_them)
    except asyncpg.UniqueViolationError as bad:
        named = _TAKEN_ID.search(str(getattr(bad, "detail", "")))
        which = f"the id {named[1]!r}" if named else "an id"
        raise Refused(
            f"{which} is in this batch already; nothing of this upload was taken",
            field="id",
            status=409,
            code=ProblemCode.ALREADY_EXISTS,
        ) from bad
    except asyncpg.ForeignKeyViolationError as bad:
        raise Refused(
            "audience.workers names a worker that does not exist", field="audience.workers"
        ) from bad
