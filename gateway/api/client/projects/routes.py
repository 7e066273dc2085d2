"""The client's routes for projects: make, fill, quote, start and watch one, and read its result."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.files.uploads import received
from gateway.api.client.idempotency import once
from gateway.api.client.projects.models import (
    ParameterOut,
    ProjectFileOut,
    ProjectIn,
    ProjectOut,
    ProjectQuoteOut,
    RecipeOut,
)
from gateway.api.client.projects.shown import quote_shown, shown, warned
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.base.text.strings import Id
from gateway.steps.batches.projects import advance, create, report, start
from gateway.steps.batches.projects.quote import quote_project
from gateway.steps.batches.projects.recipes import all_recipes
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.people import clients
from gateway.tasks.projects.parameters import COMMON
from gateway.tasks.projects.plan import AnswerPay

router = APIRouter(prefix="/api/v1")
ProjectPath = Annotated[Id, Path(description="A project's id")]
_CSV = "text/csv; charset=utf-8"
_JSON = "application/json"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RESULT_TYPES: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    _XLSX: {"schema": {"type": "string", "format": "binary"}},
    _JSON: {"schema": {"type": "array", "items": {"type": "object"}}},
    "text/plain": {},
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "id,name,town\n1,Mama Njeri Shop,Kibera\n",
            },
            "text/plain": {"schema": {"type": "string"}},
            _XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get("/recipes")
async def recipes() -> list[RecipeOut]:
    """List the recipes of this gateway, with their parameters."""
    return [
        RecipeOut(
            name=each.name,
            title=each.title,
            about=each.about,
            source=each.source,
            split=each.split.by,
            kind=each.task.kind,
            policy=each.task.policy,
            checks=each.check is not None,
            join=each.join,
            parameters=[
                ParameterOut(
                    name=name,
                    about=one.about,
                    type=one.type,
                    required=one.default is None,
                    default=one.default,
                )
                for name, one in {**each.parameters, **COMMON}.items()
            ],
        )
        for each in all_recipes()
    ]


@router.post("/projects", status_code=201, response_model=ProjectOut)
async def made(rt: Rt, client: Client, given: ProjectIn, request: Request) -> Response:
    """Make a project. Send an `Idempotency-Key`, so that a repeated request makes no second one."""

    async def create_one() -> bytes:
        currency = (await clients.account(rt.db, client))["currency"]
        order = create.ProjectOrder(
            recipe=given.recipe,
            name=given.name,
            pay=AnswerPay(
                exact_amount(given.price, currency, "price"),
                exact_amount(given.partner_price, currency, "partner_price")
                if given.partner_price is not None
                else 0,
            ),
            parameters=given.parameters,
        )
        project = await create.create_project(rt, client, order)
        return (await _shown(rt, client, project)).model_dump_json().encode()

    answer = await once(rt, client, request, 201, create_one)
    answer.headers["Location"] = f"{request.url.path}/{orjson.loads(bytes(answer.body))['id']}"
    return answer


@router.get("/projects")
async def listed(rt: Rt, client: Client) -> list[ProjectOut]:
    """List your projects, newest first."""
    return [
        shown(each, await projects.stages_of(rt.db, each.id), _file_days(rt))
        for each in await projects.projects_of_client(rt.db, client)
    ]


@router.get("/projects/{project}")
async def one(rt: Rt, client: Client, project: ProjectPath) -> ProjectOut:
    """Show a project: its state, and the progress and cost of every stage."""
    return await _shown(rt, client, project)


@router.put("/projects/{project}/file", openapi_extra=_FILE)
@router.post("/projects/{project}/file", openapi_extra=_FILE)
async def file(rt: Rt, client: Client, project: ProjectPath, request: Request) -> ProjectFileOut:
    """Send the file of a draft as the body or in a form: CSV, XLSX or text, as the recipe says.

    It is checked and split at once. A file that is refused changes nothing, and a new file takes
    the place of the one before.
    """
    await create.own_project(rt, client, project)
    async with received(request, rt.settings.data_dir / advance.UPLOADS) as (body, _):
        kind = request.headers.get("content-type", "")
        plan = await create.give_file(rt, client, project, body, kind)
    advice = (await create.own_project(rt, client, project)).advice
    return ProjectFileOut(
        parts=plan.parts,
        warned=advice["warned"],
        warnings=[warned(each) for each in advice["warnings"]],
    )


@router.get("/projects/{project}/quote")
async def quote(rt: Rt, client: Client, project: ProjectPath) -> ProjectQuoteOut:
    """Show the possible cost of the whole project, over all its stages."""
    found = await create.own_project(rt, client, project)
    return quote_shown(found, await quote_project(rt, found))


@router.post("/projects/{project}/start")
async def started(rt: Rt, client: Client, project: ProjectPath) -> ProjectOut:
    """Start a draft (which sets the money of all stages aside), or continue a paused project.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, project, start.start_project)


@router.post("/projects/{project}/pause")
async def paused(rt: Rt, client: Client, project: ProjectPath) -> ProjectOut:
    """Pause a project: no new questions are sent, but open ones may still be answered.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, project, start.pause_project)


@router.post("/projects/{project}/cancel")
async def cancelled(rt: Rt, client: Client, project: ProjectPath) -> ProjectOut:
    """Cancel a project for good: answers given stay paid, and the rest of the money comes back.

    Repeating the request changes nothing more.
    """
    return await _changed(rt, client, project, start.cancel_project)


async def _changed(
    rt: Runtime,
    client: ClientId,
    project: str,
    change: Callable[[Runtime, ClientId, str], Awaitable[None]],
) -> ProjectOut:
    await change(rt, client, project)
    return await _shown(rt, client, project)


@router.get(
    "/projects/{project}/result",
    response_class=StreamingResponse,
    responses={200: {"content": _RESULT_TYPES}},
)
async def result(
    rt: Rt,
    client: Client,
    project: ProjectPath,
    format: Annotated[Literal["csv", "xlsx", "json", "text"], Query()] = "csv",  # noqa: A002
    *,
    partial: bool = False,
    raw: bool = False,
) -> Response:
    """Return the one result: a table in the order of your file, or a text.

    The table comes as CSV, as XLSX, or as a JSON list with one object per row. `partial=true` gives
    the results so far of a project that is not done. In CSV and XLSX, cells that a spreadsheet
    would execute have an apostrophe before them. `raw=true` leaves it out, for programs.
    """
    found = await report.project_result(
        rt, await create.own_project(rt, client, project), partial=partial
    )
    match format:
        case "csv":
            return StreamingResponse(_encoded(report.result_csv(found, raw=raw)), media_type=_CSV)
        case "xlsx":
            rows = report.result_workbook(found, raw=raw)
            return StreamingResponse(_sent(rows), media_type=_XLSX)
        case "json":
            return StreamingResponse(_sent(report.result_json(found)), media_type=_JSON)
        case "text":
            pass
    if found.text is None:
        raise Refused("the result of this recipe is a table: ask for format=csv", field="format")
    return PlainTextResponse(found.text)


@router.get(
    "/projects/{project}/report",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}, "text/html": {}}}},
)
async def quality_report(
    rt: Rt,
    client: Client,
    project: ProjectPath,
    format: Annotated[Literal["html", "csv", "steps"], Query()] = "html",  # noqa: A002
    *,
    raw: bool = False,
) -> Response:
    """Return the quality report: answers, confidence and disagreements per part, totals, cost.

    `csv` has one line per part. `steps` has one line per stage and quality step: what it caught,
    its cost, and the share of errors that remains. It can be read while the project runs.
    """
    found = await report.project_report(rt, await create.own_project(rt, client, project))
    if format == "csv":
        return StreamingResponse(_encoded(report.report_csv(found, raw=raw)), media_type=_CSV)
    if format == "steps":
        return StreamingResponse(_encoded(report.report_steps_csv(found, raw=raw)), media_type=_CSV)
    return HTMLResponse(report.report_html(found), headers=_NO_SCRIPTS)


_NO_SCRIPTS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
}


async def _sent(parts: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def _encoded(lines: Iterator[str]) -> AsyncGenerator[bytes]:
    for line in lines:
        yield line.encode()


async def _shown(rt: Runtime, client: ClientId, project: str) -> ProjectOut:
    found = await create.own_project(rt, client, project)
    return shown(found, await projects.stages_of(rt.db, project), _file_days(rt))


def _file_days(rt: Runtime) -> int:
    return rt.settings.retention.project_files_days
