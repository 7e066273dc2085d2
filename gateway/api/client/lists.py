"""The client's lists: its batches, and the tasks of a batch."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import batch_out, my_batch
from gateway.api.client.pages import Limit, in_json, label_asked
from gateway.api.client.paths import BatchPath, TaskPath
from gateway.api.responses import BatchesOut, TaskOut, TasksOut
from gateway.base.errors import Refused
from gateway.base.text.strings import Id
from gateway.store.batches import listed_batches, listed_tasks
from gateway.store.batches.listed_tasks import ListedTask

router = APIRouter(prefix="/api/v1")
BatchState = Literal["draft", "running", "paused", "done", "cancelled"]
TaskState = Literal["open", "decided", "review", "cancelled"]
After = Annotated[Id | None, Query(description="`next` of the page before")]


@router.get("/batches", response_model=BatchesOut)
async def listed(
    rt: Rt,
    client: Client,
    state: Annotated[BatchState | None, Query()] = None,
    label: Annotated[str | None, Query(max_length=200, examples=["project:shops"])] = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List your batches, newest first."""
    wanted = label_asked(label)
    # Without this, a batch that was deleted between two pages would end the list unseen.
    if after is not None and await listed_batches.of_client(rt.db, client, after) is None:
        raise Refused(f"after: there is no batch {after!r}", field="after")
    rows = await listed_batches.page_of_client(
        rt.db, client, state=state, label=wanted, after=after, limit=limit + 1
    )
    page = BatchesOut(
        batches=[batch_out(row) for row in rows[:limit]],
        next=rows[limit - 1]["id"] if len(rows) > limit else None,
        total=await listed_batches.number_of_client(rt.db, client, state=state, label=wanted),
    )
    return in_json(page)


@router.get("/batches/{batch}/tasks", response_model=TasksOut)
async def tasks(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    state: Annotated[TaskState | None, Query()] = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the tasks of a batch in the order of your upload, gold included."""
    await my_batch(rt, client, batch)
    if after is not None and await listed_tasks.one(rt.db, batch, after) is None:
        raise Refused(f"after: there is no task {after!r} in this batch", field="after")
    rows = await listed_tasks.page(rt.db, batch, state=state, after=after, limit=limit + 1)
    page = TasksOut(
        tasks=[_task_out(one) for one in rows[:limit]],
        next=rows[limit - 1].name if len(rows) > limit else None,
        total=await listed_tasks.number(rt.db, batch, state=state),
    )
    return in_json(page)


@router.get("/batches/{batch}/tasks/{task}", response_model=TaskOut)
async def task(rt: Rt, client: Client, batch: BatchPath, task: TaskPath) -> Response:
    """Show one task."""
    await my_batch(rt, client, batch)
    found = await listed_tasks.one(rt.db, batch, task)
    if found is None:
        raise Refused(f"no task {task!r} in this batch", field="task", status=404)
    return in_json(_task_out(found))


def _task_out(one: ListedTask) -> TaskOut:
    return TaskOut(
        id=one.name,
        text=one.text,
        state=one.state,
        value=one.value,
        confidence=None if one.confidence is None else round(one.confidence, 4),
        answers=one.answers,
        answers_wanted=one.answers_wanted,
        asked_now=one.asked_now,
        gold=one.gold,
        decided_at=one.decided_at,
        columns=one.own,
    )
