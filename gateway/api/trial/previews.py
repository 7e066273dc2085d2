"""The client's routes for previews: the messages, screens, replies and prices of a batch."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import my_batch
from gateway.api.client.batches import warned
from gateway.api.client.life.ordering import spec_of
from gateway.api.client.paths import BatchPath
from gateway.api.requests import BatchIn, TaskIn
from gateway.api.trial.models import PreviewOut
from gateway.base.text.strings import Line200
from gateway.steps.batches.drafting.previews.preview import (
    TASKS_MAX,
    preview_of_batch,
    preview_of_spec,
)
from gateway.steps.batches.drafting.previews.shown import Preview

router = APIRouter(prefix="/api/v1")


class PreviewIn(BatchIn):
    """The settings of a batch as for making it, and a few of its tasks."""

    name: Line200 = "preview"
    tasks: Annotated[
        list[TaskIn],
        Field(
            min_length=1,
            max_length=TASKS_MAX,
            examples=[[{"id": "1", "text": "Toi Market is next to Kibera."}]],
        ),
    ]


@router.post("/preview")
async def preview(rt: Rt, client: Client, given: PreviewIn) -> PreviewOut:
    """Show a batch as workers would meet it: the exact messages, screens, replies and price.

    Nothing is stored, and no worker is asked. The texts are made by the code that makes them for
    workers.
    """
    rows = [one.model_dump(exclude_none=True) for one in given.tasks]
    return _out(await preview_of_spec(rt, client, await spec_of(rt, client, given), rows))


@router.get("/batches/{batch}/preview")
async def preview_batch(
    rt: Rt,
    client: Client,
    batch: BatchPath,
    tasks: Annotated[int, Query(ge=1, le=TASKS_MAX, description="How many tasks to show")] = 3,
) -> PreviewOut:
    """Show the first tasks of a batch as workers meet them, with replies and price."""
    await my_batch(rt, client, batch)
    return _out(await preview_of_batch(rt, batch, tasks))


def _out(found: Preview) -> PreviewOut:
    said: dict[str, Any] = asdict(found)
    said["warnings"] = [warned(one) for one in found.warnings]
    return PreviewOut.model_validate(said)
