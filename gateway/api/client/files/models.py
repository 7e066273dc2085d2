"""The requests and responses of the routes for imports and exports."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.api.contract.listed import (
    ContentOut,
    FaultRuleOut,
    FormatOut,
    JobKindOut,
    JobStateOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.quote_responses import Warned
from gateway.api.strict import StrictModel
from gateway.base import plugins
from gateway.store.batches.file_jobs import FileJob
from gateway.tasks.exports import formats
from gateway.tasks.exports.port import Content

FORMATS = plugins.kinds(formats)


class ExportIn(StrictModel):
    """An order of an export."""

    # JSON has no enumerations, so a strict model would refuse the names.
    what: Annotated[
        Content, Field(strict=False, description="Results, every answer, or where the money went")
    ]
    format: Annotated[
        str,
        Field(
            max_length=40,
            description="The format of the file",
            json_schema_extra={"enum": list(FORMATS)},
        ),
    ]
    raw: Annotated[
        bool,
        Field(
            default=False,
            description="Write cells unchanged that a spreadsheet would execute. For programs.",
        ),
    ]


class ProblemOut(ResponseModel):
    """A bad row of an import: its number (1 is the first of the data), its field and the rule."""

    row: int | None
    field: str | None
    rule: Annotated[
        FaultRuleOut, Field(description="The kind of rule, as in the problem documents")
    ]
    message: str


class FileJobOut(ResponseModel):
    """An import or an export.

    `state` is queued, running, ready or failed. `rows_done` counts the rows that were stored or
    written so far. `rows_total` is null until it is known. `reason` says why a job failed.
    `problems_total` counts the bad rows of an import.
    """

    id: str
    kind: JobKindOut
    batch: str
    state: JobStateOut
    rows_done: int
    rows_total: int | None
    bytes: Annotated[int | None, Field(description="The size of the file")]
    sha256: Annotated[str | None, Field(description="The SHA-256 of the file, in hexadecimal")]
    reason: str
    problems_total: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: Annotated[
        datetime | None,
        Field(description="The time at which the file of an export is removed"),
    ]


class ImportOut(FileJobOut):
    """An import of tasks into a batch.

    `rows_read` counts the rows that were read and checked. When it is ready, `columns` names the
    columns that are not fields of a task, and `warned` counts the questions that cost more than one
    plain SMS segment; `warnings` shows the first of them.
    """

    rows_read: int
    predictions: Annotated[int, Field(description="The tasks with a prediction in the file")] = 0
    cost_minor: Annotated[
        int | None, Field(description="Set aside for the tasks at once, where the batch runs")
    ] = None
    columns: list[str]
    warned: int
    warnings: list[Warned]


class ImportShown(ImportOut):
    """An import with its bad rows: `problems` lists the first 1,000 of `problems_total`."""

    problems: list[ProblemOut]


class ExportOut(FileJobOut):
    """An export from a batch. `url` is the address of the file, once it is ready."""

    what: ContentOut
    format: FormatOut
    raw: bool
    url: Annotated[str | None, Field(description="Null until it is ready, and after it expired")]


class ImportsOut(ResponseModel):
    """A page of imports, newest first. `next` is the cursor of the next page, null on the last."""

    imports: list[ImportOut]
    next: str | None
    total: int


class ExportsOut(ResponseModel):
    """A page of exports, newest first. `next` is the cursor of the next page, null on the last."""

    exports: list[ExportOut]
    next: str | None
    total: int


def _common(job: FileJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind.value,
        "batch": job.batch,
        "state": job.state,
        "rows_done": job.rows_done,
        "rows_total": job.rows_total,
        "bytes": job.size_bytes,
        "sha256": job.sha256,
        "reason": job.reason,
        "problems_total": job.problems_total,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
    }


def import_out(job: FileJob) -> ImportOut:
    """Return the response about an import, without its bad rows."""
    return ImportOut(**_common(job), **_import_fields(job))


def import_shown(job: FileJob) -> ImportShown:
    """Return the response about an import, with its bad rows."""
    problems = [ProblemOut(**one) for one in job.problems]
    return ImportShown(**_common(job), **_import_fields(job), problems=problems)


def _import_fields(job: FileJob) -> dict[str, Any]:
    told = job.outcome or {"columns": [], "warned": 0, "warnings": []}
    warnings = [
        Warned(text=one["suggestion"], **{n: v for n, v in one.items() if n != "suggestion"})
        for one in told["warnings"]
    ]
    return {"rows_read": job.rows_read, **told, "warnings": warnings}


def export_out(job: FileJob, url: str) -> ExportOut:
    """Return the response about an export whose file is at this address, once it is there."""
    is_there = job.state == "ready" and job.file is not None
    return ExportOut(
        **_common(job),
        what=job.asked["what"],
        format=job.asked["format"],
        raw=job.asked["raw"],
        url=url if is_there else None,
    )
