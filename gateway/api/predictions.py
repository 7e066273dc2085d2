"""The client's routes for predictions of a model of its own."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import my_batch
from gateway.api.client.batches import UPLOADS
from gateway.api.client.files.uploads import received
from gateway.api.client.paths import BatchPath
from gateway.api.contract.told import ResponseModel
from gateway.steps.batches.checks.predictions.upload import store_predictions
from gateway.store.quality import predictions

router = APIRouter(prefix="/api/v1")
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"type": "object"}},
                "example": [{"task": "1", "value": "yes", "score": 0.9}],
            },
            "application/jsonl": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}, "example": "task,value,score\n1,yes,0.9\n"},
        },
    }
}


class PredictionsStored(ResponseModel):
    """The outcome of an upload of predictions."""

    stored: int


class ModelSkillOut(ResponseModel):
    """The measured skill of a model."""

    right: Annotated[float, Field(description="The share of right predictions, as measured")]
    tasks: Annotated[int, Field(description="The number of tasks behind it")]
    right_of: Annotated[
        dict[str, float | None], Field(description="The share per true option; null of no task")
    ]


class PredictionsOut(ResponseModel):
    """The predictions of a batch, and what they are worth.

    `used` is the number of predictions that counted in a result. `skill` is null until answers or
    gold have shown something of it.
    """

    use_predictions: bool
    stored: int
    used: int
    skill: ModelSkillOut | None


@router.post("/batches/{batch}/predictions", status_code=201, openapi_extra=_BODY)
async def send(rt: Rt, client: Client, batch: BatchPath, request: Request) -> PredictionsStored:
    """Store a model's predictions: Label Studio's JSON, or CSV with the header task,value,score.

    Workers never see them. They count only if the batch has `use_predictions`, and as far as gold
    and answers show that they are right. A later prediction of a task replaces the earlier one.
    """
    await my_batch(rt, client, batch)
    async with received(request, rt.settings.data_dir / UPLOADS) as (body, _):
        return PredictionsStored(stored=await store_predictions(rt, client, batch, body))


@router.get("/batches/{batch}/predictions")
async def shown(rt: Rt, client: Client, batch: BatchPath) -> PredictionsOut:
    """Show how many predictions a batch has, how many counted, and the model's measured skill."""
    await my_batch(rt, client, batch)
    order = await rt.batches.fresh(batch)
    found = await predictions.counts(rt.db, batch)
    trust = await predictions.trust(rt.db, batch, order.option_ids)
    skill = None
    if trust is not None and round(trust.tasks):
        shares = dict(zip(order.option_ids, trust.right_of, strict=True))
        skill = ModelSkillOut(right=trust.right, tasks=round(trust.tasks), right_of=shares)
    return PredictionsOut(
        use_predictions=order.handling.use_predictions,
        stored=found.stored,
        used=found.used,
        skill=skill,
    )
