"""The client's routes for changing a batch that runs, and for its history."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import batch_out, my_batch, my_batch_to_change
from gateway.api.client.idempotency import once
from gateway.api.client.life.author import ActingKey, author_of
from gateway.api.client.life.models import (
    BatchChangeOut,
    CancelTasksIn,
    ChangedOut,
    ExtendIn,
    HistoryOut,
    PriceIn,
    ReopenIn,
)
from gateway.api.client.pages import Limit
from gateway.api.client.paths import BatchPath, TaskPath
from gateway.base.bounds import Cursor
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.steps.batches.life.better_price import raise_price
from gateway.steps.batches.life.change import Author, MadeChange
from gateway.steps.batches.life.fewer_tasks import cancel_tasks
from gateway.steps.batches.life.finish import finish
from gateway.steps.batches.life.more_answers import UNCHANGED, Extension, extend, reopen
from gateway.steps.runtime import Runtime
from gateway.store.batches.life import changes

router = APIRouter(prefix="/api/v1")
DryRunAsked = Annotated[
    bool, Query(description="Change nothing, and say what the change would do and cost")
]


@router.post("/batches/{batch}/extend", response_model=ChangedOut)
async def extended(  # FastAPI gives them by name
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: ExtendIn,
    request: Request,
    dry_run: DryRunAsked = False,  # noqa: FBT002
) -> Response:
    """Ask for more answers to the tasks of a running batch, or move its deadline.

    The money for the answers is set aside at once.
    """
    wish = Extension(
        answers=given.answers or 0,
        maximum=given.maximum,
        all_tasks=given.tasks == "all",
        deadline=given.deadline if "deadline" in given.model_fields_set else UNCHANGED,
        at_deadline=given.at_deadline,
    )
    author = author_of(key, request, dry_run=dry_run)
    return await _changed(
        rt, client, batch, request, author, lambda: extend(rt, client, batch, wish, author)
    )


@router.post("/batches/{batch}/reopen", response_model=ChangedOut)
async def reopened(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: ReopenIn,
    request: Request,
    dry_run: DryRunAsked = False,  # noqa: FBT002
) -> Response:
    """Open decided tasks for more answers. A batch that is done runs again.

    The history keeps the results that they had, and `/tasks/{task}/decision` shows them.
    """
    author = author_of(key, request, dry_run=dry_run)
    names = list(dict.fromkeys(given.tasks))
    return await _changed(
        rt,
        client,
        batch,
        request,
        author,
        lambda: reopen(rt, client, batch, names, given.answers, author),
    )


@router.post("/batches/{batch}/cancel-tasks", response_model=ChangedOut)
async def tasks_cancelled(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: CancelTasksIn,
    request: Request,
    dry_run: DryRunAsked = False,  # noqa: FBT002
) -> Response:
    """Cancel open tasks: no worker is asked any more, and the money comes back at once.

    Workers who hold one of their questions may still answer it, and are paid. Nothing is changed
    if one of the tasks is decided.
    """
    author = author_of(key, request, dry_run=dry_run)
    names = list(dict.fromkeys(given.tasks))
    return await _changed(
        rt,
        client,
        batch,
        request,
        author,
        lambda: cancel_tasks(rt, client, batch, names, author),
    )


@router.post("/batches/{batch}/tasks/{task}/cancel", response_model=ChangedOut)
async def task_cancelled(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    task: TaskPath,
    request: Request,
    dry_run: DryRunAsked = False,  # noqa: FBT002
) -> Response:
    """Cancel one open task. Repeating the request changes nothing more."""
    author = author_of(key, request, dry_run=dry_run)
    return await _changed(
        rt,
        client,
        batch,
        request,
        author,
        lambda: cancel_tasks(rt, client, batch, [task], author),
    )


@router.post("/batches/{batch}/price", response_model=ChangedOut)
async def price_raised(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: PriceIn,
    request: Request,
    dry_run: DryRunAsked = False,  # noqa: FBT002
) -> Response:
    """Raise the price for workers who are not asked yet.

    A worker who was asked is paid what she was told.
    """
    author = author_of(key, request, dry_run=dry_run)
    row = await my_batch(rt, client, batch)
    price_minor = exact_amount(given.price, row["currency"], "price")
    return await _changed(
        rt,
        client,
        batch,
        request,
        author,
        lambda: raise_price(rt, client, batch, price_minor, author),
    )


@router.post("/batches/{batch}/finish", response_model=ChangedOut)
async def finished(
    rt: Rt, client: Client, key: ActingKey, batch: BatchPath, request: Request
) -> Response:
    """End the adding of tasks to an open batch. It closes when all its tasks are decided.

    Repeating the request changes nothing more.
    """
    author = author_of(key, request)
    return await _changed(
        rt, client, batch, request, author, lambda: finish(rt, client, batch, author)
    )


@router.get("/batches/{batch}/history")
async def history(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    after: Annotated[Cursor | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 100,
) -> HistoryOut:
    """List what was done to a batch, oldest first: when, by which key, and at what cost."""
    await my_batch(rt, client, batch)
    found = await changes.page(rt.db, batch, after=after or 0, limit=limit + 1)
    return HistoryOut(
        changes=[BatchChangeOut.of(one) for one in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
        total=await changes.number(rt.db, batch),
    )


async def _changed(
    rt: Runtime,
    client: ClientId,
    batch: str,
    request: Request,
    author: Author,
    change: Callable[[], Awaitable[MadeChange]],
) -> Response:
    await my_batch_to_change(rt, client, batch)
    key = request.headers.get("idempotency-key")
    if author.dry_run and key:
        raise Refused(
            "a dry run changes nothing and needs no Idempotency-Key", field="Idempotency-Key"
        )

    async def made() -> bytes:
        outcome = await change()
        shown = batch_out(await my_batch(rt, client, batch))
        return ChangedOut.of(outcome, shown).model_dump_json().encode()

    return await once(rt, client, request, 200, made)
