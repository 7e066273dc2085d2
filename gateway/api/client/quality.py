"""The client's routes for the quality of a batch: its report, its audit, and its acceptance."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.paths import BatchPath, TaskPath
from gateway.api.quality_requests import AcceptIn, AuditJudgementIn, RefuseIn
from gateway.api.quality_responses import AcceptanceOut, AuditTaskOut, QualityOut
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.batches.checks import acceptance, report_page
from gateway.steps.batches.checks.audit import judge_task, next_to_audit
from gateway.steps.batches.checks.report import FiveStepReport, quality_report
from gateway.steps.runtime import Runtime
from gateway.store.batches import listed_batches

router = APIRouter(prefix="/api/v1")
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/batches/{batch}/quality", response_model=QualityOut)
async def quality(rt: Rt, client: Client, batch: BatchPath) -> dict[str, Any]:
    """Show what each of the five quality steps caught and cost, and the errors that remain.

    An unknown figure is null. `used` is false for a step that has no data.
    """
    return report_page.as_data(await _report(rt, client, batch))


@router.get("/batches/{batch}/quality.html", response_class=HTMLResponse)
async def quality_page(rt: Rt, client: Client, batch: BatchPath) -> HTMLResponse:
    """Return the quality report as a page with a chart."""
    return HTMLResponse(report_page.as_page(await _report(rt, client, batch)))


@router.get("/batches/{batch}/quality.csv", response_class=Response, responses=_CSV)
async def quality_csv(rt: Rt, client: Client, batch: BatchPath) -> Response:
    """Return the quality report as CSV, one line per step."""
    text = report_page.as_csv(await _report(rt, client, batch))
    return Response(text, media_type="text/csv; charset=utf-8")


@router.get("/batches/{batch}/audit/next", response_model=AuditTaskOut)
async def audit_next(rt: Rt, client: Client, batch: BatchPath) -> dict[str, Any]:
    """Show the next task of the audit's sample, without its result.

    `task` is null when all are judged.
    """
    await _mine(rt, client, batch)
    found = await next_to_audit(rt, batch)
    known = await rt.batches.get(batch)
    return {
        "task": found.task if found else None,
        "text": found.text if found else None,
        "place": found.place if found else None,
        "instructions": known.instructions,
        "values": list(known.option_ids),
    }


@router.post("/batches/{batch}/audit/tasks/{task}", response_model=AuditTaskOut)
async def audit_judge(
    rt: Rt, client: Client, batch: BatchPath, task: TaskPath, given: AuditJudgementIn
) -> dict[str, Any]:
    """Judge a task of the audit's sample. The response shows the next one."""
    await _mine(rt, client, batch)
    await judge_task(rt, batch, task, given.value, given.by)
    return await audit_next(rt, client, batch)


@router.post("/batches/{batch}/accept", response_model=AcceptanceOut)
async def accept(rt: Rt, client: Client, batch: BatchPath, given: AcceptIn) -> dict[str, Any]:
    """Accept a delivered batch. Repeating the request changes nothing more."""
    await _mine(rt, client, batch)
    await acceptance.accept(rt, batch, given.by)
    return report_page.as_data(await _report(rt, client, batch))["acceptance"]


@router.post("/batches/{batch}/refuse", response_model=AcceptanceOut)
async def refuse(rt: Rt, client: Client, batch: BatchPath, given: RefuseIn) -> dict[str, Any]:
    """Refuse results of a delivered batch, with the reason. No worker loses money by it.

    The refused tasks are then in review, and the operator is told.
    """
    await _mine(rt, client, batch)
    await acceptance.refuse(rt, batch, given.tasks, given.reason, given.by)
    return report_page.as_data(await _report(rt, client, batch))["acceptance"]


async def _report(rt: Runtime, client: ClientId, batch: str) -> FiveStepReport:
    state = await _mine(rt, client, batch)
    return await quality_report(rt, await rt.batches.fresh(batch), state)


async def _mine(rt: Runtime, client: ClientId, batch: str) -> str:
    row = await listed_batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    return row["state"]
