"""The commands `gateway batch imports` and `gateway batch exports`, which show a batch's jobs."""

from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.batches.fair_pay import BatchArgument
from gateway.cli.batches.history import app
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.runtime import Runtime
    from gateway.store.batches.file_jobs import FileJob, JobKind

__all__ = ["app"]

_SHOWN_MAX = 200


@app.command("imports")
def imports(batch: BatchArgument, json: Json = None) -> None:
    """List the imports into a batch, newest first, and why one failed."""
    from gateway.store.batches.file_jobs import JobKind

    _show(batch, JobKind.IMPORT, json)


@app.command("exports")
def exports(batch: BatchArgument, json: Json = None) -> None:
    """List the exports from a batch, newest first, and when their files are removed."""
    from gateway.store.batches.file_jobs import JobKind

    _show(batch, JobKind.EXPORT, json)


def _show(batch: str, kind: "JobKind", json: Any) -> None:
    from gateway.base.errors import Refused
    from gateway.store.batches import file_jobs, results

    async def listed(rt: "Runtime") -> list["FileJob"]:
        if await results.state_of(rt.db, batch) is None:
            raise Refused(f"there is no batch {batch!r}")
        return await file_jobs.page(rt.db, batch, kind, after=None, limit=_SHOWN_MAX)

    jobs = with_runtime(listed)
    if write_json([_told(one) for one in jobs], json):
        return
    for one in jobs:
        typer.echo(line(one))
    if not jobs:
        typer.echo(f"no {kind}s yet")


def line(job: "FileJob") -> str:
    """Return one job as a line: its state, its progress, what was asked, and its end."""
    of = "" if job.rows_total is None else f" of {job.rows_total:,}"
    asked = f"{job.asked['what']} as {job.asked['format']}" if "what" in job.asked else ""
    size = "" if job.size_bytes is None else f"{job.size_bytes:,} bytes"
    until = f"until {job.expires_at:%Y-%m-%d}" if job.expires_at and job.file else ""
    parts = (
        job.id,
        f"{job.state:7}",
        f"{job.rows_done:,}{of} rows",
        asked,
        size,
        until,
        job.reason,
    )
    return "  ".join(part for part in parts if part)


def _told(job: "FileJob") -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "asked": dict(job.asked),
        "rows_read": job.rows_read,
        "rows_done": job.rows_done,
        "rows_total": job.rows_total,
        "bytes": job.size_bytes,
        "reason": job.reason,
        "problems_total": job.problems_total,
        "attempts": job.attempts,
        "created_at": job.created_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
    }
