"""The client's routes for bonuses to the workers of a batch."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import my_batch
from gateway.api.client.idempotency import once
from gateway.api.client.paths import BatchPath
from gateway.api.contract.told import ResponseModel
from gateway.api.requests import PriceInput, StrictModel
from gateway.base.errors import Refused
from gateway.base.money import exact_amount
from gateway.base.pseudonyms import Pseudonyms
from gateway.base.text.strings import Id, Line100
from gateway.steps.batches.fair_pay.bonuses import REASON_MAX, pay_bonus
from gateway.store.batches import bonuses
from gateway.store.batches.bonuses import Bonus

router = APIRouter(prefix="/api/v1")


class BonusIn(StrictModel):
    """A bonus for one worker who answered in the batch."""

    worker: Annotated[Id, Field(description="The worker's id, as `/audience` and answers show it")]
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


class BonusOut(ResponseModel):
    """A bonus that was paid from your free money."""

    bonus: int
    worker: str
    amount_minor: int
    reason: str
    paid_at: datetime


@router.post("/batches/{batch}/bonuses", status_code=201, response_model=BonusOut)
async def pay(
    rt: Rt, client: Client, batch: BatchPath, given: BonusIn, request: Request
) -> Response:
    """Pay a bonus to a worker who answered in your batch. The worker reads your reason.

    Repeating the request pays nothing more.
    """
    row = await my_batch(rt, client, batch)
    names = rt.vault.pseudonyms(client)
    worker = names.worker(given.worker)
    if worker is None:
        raise Refused(f"there is no worker {given.worker!r}", field="worker", status=404)

    async def paid() -> bytes:
        found = await pay_bonus(
            rt,
            client,
            await rt.batches.get(batch),
            worker,
            exact_amount(given.amount, row["currency"]),
            given.reason,
            given.id or "",
        )
        return _shown(found, names).model_dump_json().encode()

    return await once(rt, client, request, 201, paid)


@router.get("/batches/{batch}/bonuses")
async def listed(rt: Rt, client: Client, batch: BatchPath) -> list[BonusOut]:
    """List the bonuses that you paid for a batch, oldest first."""
    await my_batch(rt, client, batch)
    names = rt.vault.pseudonyms(client)
    return [_shown(each, names) for each in await bonuses.of_batch(rt.db, batch)]


def _shown(found: Bonus, names: Pseudonyms) -> BonusOut:
    return BonusOut(
        bonus=found.id,
        worker=names.of(found.worker),
        amount_minor=found.amount_minor,
        reason=found.reason,
        paid_at=found.at,
    )
