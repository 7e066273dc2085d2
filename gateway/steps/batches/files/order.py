"""A client's order of an import or an export. A runner does it later."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from gateway.base import plugins
from gateway.base.errors import Refused
from gateway.base.failpoints import reach
from gateway.base.ids import ClientId
from gateway.steps.batches.uploading import check_takes_tasks
from gateway.steps.repeated import id_to_make
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs
from gateway.store.batches.file_jobs import FileJob, JobKind, NewJob
from gateway.store.batches.life import batch_state, changes
from gateway.store.db import Connection
from gateway.store.people.idempotency import MadeObject
from gateway.tasks.exports import formats
from gateway.tasks.exports.port import Content, ExportFormat

STEP = "file_jobs"
"""The name of the job that does the orders."""
_LOOKED_AT: Final = 4096
"""The largest file that is looked at before its import is ordered."""
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that has arrived for an import, and how the client wants it to be read."""

    job: str
    """The id of the job, with which the file's name begins."""
    name: str
    size_bytes: int
    sha256: str
    content_type: str
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    strict: bool = False
    shape: str = "auto"
    key: str = changes.GATEWAY
    """The first characters of the key that ordered it, for the history of a batch that runs."""


def format_of(name: str) -> ExportFormat:
    """Return the export format of that name. Raises Refused, which lists the formats there are."""
    known = plugins.kinds(formats)
    if name not in known:
        raise Refused(
            f"format: there is no format {name!r}; there is: {', '.join(known)}", field="format"
        )
    return cast("ExportFormat", cast("object", plugins.load(formats, name)))


def refuse_empty(path: Path) -> None:
    """Raise Refused for a file that plainly holds no task. A runner finds all else."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT + 1)
    if len(start) > _LOOKED_AT:
        return
    text = start.decode("utf-16" if start.startswith(_UTF_16) else "utf-8-sig", "replace").strip(
        "\0 \t\r\n"
    )
    if not text or text in ("[]", "{}"):
        raise Refused("the file is empty: there is no task in it", field="body")
    if text.isprintable() and text[0] not in "[{":
        raise Refused(
            "the file has a header and no row below it: there is no task in it", field="body"
        )


async def order_import(rt: Runtime, client: ClientId, batch: str, file: ReceivedFile) -> FileJob:
    """Order an import of a file that has arrived. Raises Refused where the batch takes no tasks."""
    asked = {
        "content_type": file.content_type,
        "renamed": dict(file.renamed),
        "strict": file.strict,
        "shape": file.shape,
        "key": file.key,
    }
    job = NewJob(
        id=file.job,
        batch=batch,
        client=client,
        kind=JobKind.IMPORT,
        asked=asked,
        file=file.name,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
    )
    async with rt.db.transaction() as db:
        # A start locks the batch as well, so that it sees this import, or this sees the start.
        check_takes_tasks(await batch_state.lock(db, client, batch), batch)
        made = await _ordered(rt, db, job)
    reach("files.ordered")
    return made


async def order_export(
    rt: Runtime, client: ClientId, batch: str, content: Content, name: str, *, raw: bool
) -> FileJob:
    """Order an export. Raises Refused for a format that cannot hold this content."""
    shape = format_of(name)
    if content not in shape.CONTENTS:
        raise Refused(
            f"what: the format {name} holds {', '.join(sorted(shape.CONTENTS))}, not {content}",
            field="what",
        )
    known = await id_to_make(rt, MadeObject.FILE_JOB, "ex")
    if known.is_made and (before := await file_jobs.one(rt.db, batch, JobKind.EXPORT, known.id)):
        return before
    asked = {"what": content.value, "format": name, "raw": raw}
    job = NewJob(known.id, batch, client, JobKind.EXPORT, asked)
    async with rt.db.transaction() as db:
        made = await _ordered(rt, db, job)
    reach("files.ordered")
    return made


async def _ordered(rt: Runtime, db: Connection, job: NewJob) -> FileJob:
    await check_open(rt, db, job.client)
    made = await file_jobs.insert(db, job, rt.clock.now())
    rt.jobs.enqueue(STEP)
    return made


async def check_open(rt: Runtime, db: Connection | None, client: ClientId) -> None:
    """Raise Refused where a client has as many open imports and exports as it may have."""
    most = rt.settings.files.open_per_client
    if await file_jobs.number_open(db or rt.db, client) >= most:
        raise Refused(
            f"{most} of your imports and exports wait or run already (files.open_per_client): "
            "order this one when one of them has ended",
            status=429,
        )
