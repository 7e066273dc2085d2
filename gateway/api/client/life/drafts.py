"""The client's routes for drafts: edit, delete and copy."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import batch_out, my_batch, my_batch_to_change
from gateway.api.client.idempotency import once
from gateway.api.client.life.author import ActingKey, author_of
from gateway.api.client.life.models import CopyIn
from gateway.api.client.life.order import PLANNED, BatchEditIn, changed_order, differences, order_of
from gateway.api.client.life.ordering import spec_of
from gateway.api.client.paths import BatchPath
from gateway.api.responses import BatchOut
from gateway.base.ids import ClientId
from gateway.qa.checks.plan import QualityPlan
from gateway.steps.batches.drafting import drafts
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans, promises

router = APIRouter(prefix="/api/v1")


@router.patch("/batches/{batch}", response_model=BatchOut)
async def edited(
    rt: Rt,
    client: Client,
    key: ActingKey,
    batch: BatchPath,
    given: BatchEditIn,
    request: Request,
) -> Response:
    """Change fields of a draft. `labels` alone may be changed in any state.

    Its tasks are checked again, and a change that one of them does not fit is refused with its row.
    """
    await my_batch_to_change(rt, client, batch)
    wanted = _sent(given)
    author = author_of(key, request)

    async def made() -> bytes:
        row = await my_batch(rt, client, batch)
        if set(wanted) <= {"labels"}:
            if wanted:
                labels = changed_order(await _order(rt, client, batch), wanted).labels
                await drafts.label(rt, client, batch, labels, row["labels"], author)
        else:
            was = await _order(rt, client, batch)
            new = changed_order(was, wanted)
            spec = await spec_of(rt, client, new)
            changed = differences(was, {**was, **wanted})
            await drafts.edit(rt, client, batch, spec, changed, author)
        return batch_out(await my_batch(rt, client, batch)).model_dump_json().encode()

    return await once(rt, client, request, 200, made)


def _sent(given: BaseModel) -> dict[str, Any]:
    """Return the fields of a request as they were sent."""
    sent: dict[str, Any] = orjson.loads(given.model_dump_json(exclude_unset=True))
    return sent


@router.delete("/batches/{batch}", status_code=204)
async def deleted(rt: Rt, client: Client, batch: BatchPath) -> None:
    """Delete a draft with its tasks. A batch that has started is kept; it can be cancelled."""
    if first_try() is not None:  # The same request has deleted it.
        return
    await my_batch_to_change(rt, client, batch)
    await drafts.delete(rt, client, batch, keep_result)


@router.post("/batches/{batch}/copy", status_code=201, response_model=BatchOut)
async def copied(
    rt: Rt, client: Client, key: ActingKey, batch: BatchPath, given: CopyIn, request: Request
) -> Response:
    """Make a draft with the settings and labels of a batch in any state.

    With `tasks`, its tasks are copied too, with their gold. Send an `Idempotency-Key`, so that a
    repeated request makes no second one.
    """
    await my_batch(rt, client, batch)

    async def made() -> bytes:
        order = await _order(rt, client, batch)
        order.pop("deadline", None)  # It belongs to the batch that is copied.
        if given.name is not None:
            order["name"] = given.name
        spec = await spec_of(rt, client, changed_order(order, {}))
        author = author_of(key, request)
        new = await drafts.copy(rt, client, batch, spec, tasks=given.tasks, author=author)
        return batch_out(await my_batch(rt, client, new.id)).model_dump_json().encode()

    answer = await once(rt, client, request, 201, made)
    answer.headers["Location"] = f"/api/v1/batches/{orjson.loads(bytes(answer.body))['id']}"
    return answer


async def _order(rt: Runtime, client: ClientId, batch: str) -> dict[str, Any]:
    row = await my_batch(rt, client, batch)
    planned = await plans.of_batch(rt.db, batch)
    plan: QualityPlan | None = planned.plan if planned else None
    order = order_of(await rt.batches.fresh(batch), plan, row["labels"])
    kept = await promises.of_batch(rt.db, batch)
    if kept is not None:  # The policy followed from the accuracy.
        order = {name: said for name, said in order.items() if name not in PLANNED}
        order["accuracy"] = kept.target
    return order
