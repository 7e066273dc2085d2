"""The client's routes for bonuses to the workers of a batch."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.idempotency import once
from gateway.api.client.paths import BatchPath
from gateway.api.requests import PriceInput, StrictModel
from gateway.base.bounds import RowId
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.money import exact_amount
from gateway.base.text.strings import Id, Line100
from gateway.steps.batches.fair_pay.bonuses import REASON_MAX, pay_bonus
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, bonuses
from gateway.store.batches.bonuses import Bonus
from gateway.store.db import Row

router = APIRouter(prefix="/api/v1")


class BonusIn(StrictModel):
    """A bonus for one worker who answered in the batch."""

    worker: Annotated[RowId, Field(description="The worker's number, as `/audience` shows it")]
    amount: Annotated[PriceInput, Field(description="An amount in major units", examples=["50.00"])]
    reason: Annotated[
        Line100, Field(max_length=REASON_MAX, description="The worker reads it with the bonus")
    ]
    id: Annotated[
        Id | None,
        Field(
            max_length=64,
            description="Your own id of the bonus. Without it, the same worker, amount and reason are one bonus",
        ),
    ] = None


class BonusOut(BaseModel):
    """A bonus that was paid from your free money."""

    bonus: int
    worker: int
    amount_minor: int
    reason: str
    paid_at: datetime


@router.post("/batches/{batch}/bonuses", status_code=201)
async def pay(
    rt: Rt, client: Client, batch: BatchPath, given: BonusIn, request: Request
) -> Response:
    """Pay a bonus to a worker who answered in your batch. The worker reads your reason.

    Repeating the request pays nothing more.
    """
    row = await _mine(rt, client, batch)

    async def paid() -> bytes:
        found = await pay_bonus(
            rt,
            client,
            await rt.batches.get(batch),
            given.worker,
            exact_amount(given.amount, row["currency"]),
            given.reason,
            given.id or "",
        )
        return _shown(found).model_dump_json().encode()

    return await once(rt, client, request, 201, paid)


@router.get("/batches/{batch}/bonuses")
async def listed(rt: Rt, client: Client, batch: BatchPath) -> list[BonusOut]:
    """List the bonuses that you paid for a batch, oldest first."""
    await _mine(rt, client, batch)
    return [_shown(each) for each in await bonuses.of_batch(rt.db, batch)]


def _shown(found: Bonus) -> BonusOut:
    return BonusOut(
        bonus=found.id,
        worker=found.worker,
        amount_minor=found.amount_minor,
        reason=found.reason,
        paid_at=found.at,
    )


async def _mine(rt: Runtime, client: ClientId, batch: str) -> Row:
    row = await batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    return row
