"""A client's own judgement: deciding what stayed in doubt, correcting gold, asking how a result came about."""

from typing import Any

from fastapi import APIRouter

from gateway.api.auth import Client, Rt
from gateway.api.models import DecisionIn, GoldIn
from gateway.errors import Refused
from gateway.ids import ClientId
from gateway.runtime import Runtime
from gateway.steps import review
from gateway.steps.forgive import Correction, correct_gold
from gateway.steps.recount import explain
from gateway.store import audiences, batches

router = APIRouter(prefix="/api/v1")


@router.get("/batches/{batch}/tasks/{task}/decision")
async def decision(rt: Rt, client: Client, batch: str, task: str) -> dict[str, Any]:
    """The whole story of one result: who was asked, what was answered, what the judge made of it."""
    await _mine(rt, client, batch)
    return await explain(rt, batch, task)


@router.post("/batches/{batch}/tasks/{task}/decision")
async def decide(
    rt: Rt, client: Client, batch: str, task: str, given: DecisionIn
) -> dict[str, Any]:
    """Decide a task in review: a person's word stands."""
    await _mine(rt, client, batch)
    await review.decide(rt, batch, task, given.value, given.by)
    return await explain(rt, batch, task)


@router.post("/batches/{batch}/gold/{task}/correct")
async def correct(rt: Rt, client: Client, batch: str, task: str, given: GoldIn) -> dict[str, Any]:
    """Correct gold that was wrong; the answer is all that changed. No money is taken back."""
    await _mine(rt, client, batch)
    said = Correction(batch, task, given.value, given.by, given.reason)
    return dict(await correct_gold(rt, said))


@router.get("/audience")
async def audience(rt: Rt, client: Client, after: int = 0) -> dict[str, Any]:
    """Ids for a task's `audience`: partners, and workers by number only, 1,000 at a time after the id `after`."""
    return {
        "partners": [dict(row) for row in await audiences.partners(rt.db)],
        "workers": [dict(row) for row in await audiences.workers(rt.db, client, after)],
    }


async def _mine(rt: Runtime, client: ClientId, batch: str) -> None:
    if await batches.of_client(rt.db, client, batch) is None:
        raise Refused(f"no batch {batch!r}", status=404)
