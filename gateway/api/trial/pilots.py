"""The client's route for the pilot of a batch."""

from fastapi import APIRouter

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import my_batch
from gateway.api.client.paths import BatchPath
from gateway.api.trial.models import LearntOut, PilotOut
from gateway.base.errors import Refused
from gateway.store.batches import pilots

router = APIRouter(prefix="/api/v1")


@router.get("/batches/{batch}/pilot")
async def pilot(rt: Rt, client: Client, batch: BatchPath) -> PilotOut:
    """Show the pilot of a batch: whether it has ended, and what was learnt."""
    await my_batch(rt, client, batch)
    found = await pilots.of_batch(rt.db, batch)
    if found is None:
        raise Refused("this batch was not started with a pilot", status=404)
    learnt = None if found.learnt is None else LearntOut.model_validate(found.learnt)
    return PilotOut.model_validate(
        {
            "tasks": found.tasks,
            "state": found.state,
            "began_at": found.began_at,
            "ended_at": found.ended_at,
            "learnt": learnt,
        }
    )
