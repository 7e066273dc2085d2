"""The client's routes for imports and exports."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from gateway.api.callers.auth import Client, Rt, check_may_spend
from gateway.api.client.batch_view import my_batch, my_batch_to_change
from gateway.api.client.files.download import file_response
from gateway.api.client.files.models import (
    ExportIn,
    ExportOut,
    ExportsOut,
    ImportOut,
    ImportShown,
    ImportsOut,
    export_out,
    import_out,
    import_shown,
)
from gateway.api.client.files.receiving import receive_file
from gateway.api.client.files.uploads import ShapeAsked, columns_of_fields, upload_docs
from gateway.api.client.idempotency import once
from gateway.api.client.life.author import ActingKey
from gateway.api.client.lists import After
from gateway.api.client.pages import Limit, in_json
from gateway.api.client.paths import BatchPath
from gateway.base.errors import Refused
from gateway.base.text.strings import Id
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.batches.files.order import (
    ReceivedFile,
    check_open,
    format_of,
    order_export,
    order_import,
    refuse_empty,
)
from gateway.steps.repeated import id_to_make
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs, results
from gateway.store.batches.file_jobs import FileJob, JobKind
from gateway.store.people.idempotency import MadeObject

router = APIRouter(prefix="/api/v1")
ImportPath = Annotated[Id, Path(description="An import's id")]
ExportPath = Annotated[Id, Path(description="An export's id")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"application/octet-stream": {}}},
    206: {"description": "The part that `Range` names"},
    410: {"description": "The file was removed: it had expired"},
    416: {"description": "The file has no such part"},
}
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": {
            "Location": {"schema": {"type": "string"}, "description": "The address of the job"}
        }
    }
}


@router.post(
    "/batches/{batch}/imports",
    status_code=202,
    response_model=ImportOut,
    responses=_ACCEPTED,
    openapi_extra=upload_docs(),
)
async def add_import(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    request: Request,
    *,
    strict: bool = False,
    renamed: Annotated[str, Query(alias="map", max_length=1000, examples=["text:question"])] = "",
    shape: ShapeAsked = "auto",
) -> Response:
    """Send a file of tasks of any size, which is read and stored later, all or none.

    The formats and parameters are those of `/tasks`. The response is the job: ask for it until it
    is ready or failed, or let a webhook tell you. Send an `Idempotency-Key`, so that a repeated
    request makes no second import. A batch that runs must be open; the money for its new tasks is
    set aside when they count, and `cost_minor` says how much: the key then needs `money:write` too.
    """
    await my_batch_to_change(rt, client, batch)
    if await results.state_of(rt.db, batch) != "draft":
        check_may_spend(request)
    columns = columns_of_fields(renamed)
    made_id = await id_to_make(rt, MadeObject.FILE_JOB, "im")
    if made_id.is_made:  # Its answer was lost.
        known = await _one(rt, batch, JobKind.IMPORT, made_id.id)
        return await _accepted(rt, client, request, _told(import_out(known)))
    await check_open(rt, None, client)
    job, folder = made_id.id, FileFolder(rt.settings)
    name = f"{job}.import"
    await asyncio.to_thread(folder.remove, name)  # that of a process which was killed
    size, sha256 = await receive_file(request, folder, name)
    try:
        await asyncio.to_thread(refuse_empty, folder.path_of(name))
    except Refused:
        await asyncio.to_thread(folder.remove, name)
        raise
    kept = False

    async def made() -> bytes:
        nonlocal kept
        kind = request.headers.get("content-type", "")
        file = ReceivedFile(job, name, size, sha256, kind, columns, strict, shape, key)
        ordered = await order_import(rt, client, batch, file)
        kept = True
        return import_out(ordered).model_dump_json().encode()

    try:
        return await _accepted(rt, client, request, made)
    finally:
        if not kept:
            await asyncio.to_thread(folder.remove, name)


@router.get("/batches/{batch}/imports", response_model=ImportsOut)
async def imports(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the imports into a batch, newest first."""
    await my_batch(rt, client, batch)
    await _check_cursor(rt, batch, JobKind.IMPORT, after)
    jobs = await file_jobs.page(rt.db, batch, JobKind.IMPORT, after=after, limit=limit + 1)
    page = ImportsOut(
        imports=[import_out(one) for one in jobs[:limit]],
        next=jobs[limit - 1].id if len(jobs) > limit else None,
        total=await file_jobs.number(rt.db, batch, JobKind.IMPORT),
    )
    return in_json(page)


@router.get("/batches/{batch}/imports/{job}", response_model=ImportShown)
async def one_import(rt: Rt, client: Client, batch: BatchPath, job: ImportPath) -> Response:
    """Show an import: how far it is, and the bad rows of one that failed."""
    await my_batch(rt, client, batch)
    return in_json(import_shown(await _one(rt, batch, JobKind.IMPORT, job)))


@router.post(
    "/batches/{batch}/exports", status_code=202, response_model=ExportOut, responses=_ACCEPTED
)
async def add_export(
    rt: Rt, client: Client, batch: BatchPath, given: ExportIn, request: Request
) -> Response:
    """Order a file of results, of every answer, or of the proof of payment.

    The response is the job: ask for it until it is ready, or let a webhook tell you. Then `url` is
    the address of the file. Send an `Idempotency-Key`, so that a repeated request makes no second
    export.
    """
    await my_batch(rt, client, batch)

    async def made() -> bytes:
        ordered = await order_export(rt, client, batch, given.what, given.format, raw=given.raw)
        return export_out(ordered, "").model_dump_json().encode()

    return await _accepted(rt, client, request, made)


@router.get("/batches/{batch}/exports", response_model=ExportsOut)
async def exports(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the exports from a batch, newest first."""
    await my_batch(rt, client, batch)
    await _check_cursor(rt, batch, JobKind.EXPORT, after)
    jobs = await file_jobs.page(rt.db, batch, JobKind.EXPORT, after=after, limit=limit + 1)
    page = ExportsOut(
        exports=[export_out(one, _url(rt, one)) for one in jobs[:limit]],
        next=jobs[limit - 1].id if len(jobs) > limit else None,
        total=await file_jobs.number(rt.db, batch, JobKind.EXPORT),
    )
    return in_json(page)


@router.get("/batches/{batch}/exports/{job}", response_model=ExportOut)
async def one_export(rt: Rt, client: Client, batch: BatchPath, job: ExportPath) -> Response:
    """Show an export: how far it is, and the address of its file."""
    await my_batch(rt, client, batch)
    found = await _one(rt, batch, JobKind.EXPORT, job)
    return in_json(export_out(found, _url(rt, found)))


@router.get("/batches/{batch}/exports/{job}/file", response_class=FileResponse, responses=_FILE)
async def exported_file(
    rt: Rt, client: Client, batch: BatchPath, job: ExportPath, request: Request
) -> Response:
    """Return the file of an export that is ready. `Range` continues a download that broke off."""
    await my_batch(rt, client, batch)
    found = await _one(rt, batch, JobKind.EXPORT, job)
    if found.state != "ready":
        raise Refused(f"the export is {found.state}: {found.reason or 'wait for it'}", status=409)
    path = FileFolder(rt.settings).path_of(found.file or "")
    if found.file is None or not await asyncio.to_thread(path.is_file):
        raise Refused("the file of this export was removed: order another one", status=410)
    shape = format_of(found.asked["format"])
    name = f"{batch}-{found.asked['what']}{shape.SUFFIX}"
    return file_response(
        request, path, name=name, media=shape.MEDIA_TYPE, sha256=found.sha256 or ""
    )


async def _accepted(
    rt: Runtime,
    client: Client,
    request: Request,
    made: Callable[[], Awaitable[bytes]],
) -> Response:
    answer = await once(rt, client, request, 202, made)
    answer.headers["Location"] = f"{request.url.path}/{orjson.loads(bytes(answer.body))['id']}"
    return answer


def _told(job: ImportOut) -> Callable[[], Awaitable[bytes]]:
    async def told() -> bytes:
        return job.model_dump_json().encode()

    return told


async def _one(rt: Runtime, batch: str, kind: JobKind, job: str) -> FileJob:
    found = await file_jobs.one(rt.db, batch, kind, job)
    if found is None:
        raise Refused(f"no {kind} {job!r} of this batch", status=404)
    return found


async def _check_cursor(rt: Runtime, batch: str, kind: JobKind, after: str | None) -> None:
    """Raise Refused for a cursor that is no job of the list, since the list would seem to end."""
    if after is not None and await file_jobs.one(rt.db, batch, kind, after) is None:
        raise Refused(f"after: there is no {kind} {after!r} of this batch", field="after")


def _url(rt: Runtime, job: FileJob) -> str:
    root = rt.settings.public_url.rstrip("/")
    return f"{root}/api/v1/batches/{job.batch}/exports/{job.id}/file"
