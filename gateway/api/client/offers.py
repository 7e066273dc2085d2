"""The client's routes for the shares of partners: the proposal, and the client's own choice."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.paths import BatchPath
from gateway.api.contract.told import ResponseModel
from gateway.api.strict import StrictModel
from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.text.strings import Line100, Line500
from gateway.steps.batches import offered_shares
from gateway.steps.batches.offered_shares import ShareOffer
from gateway.steps.runtime import Runtime
from gateway.store.batches import listed_batches

router = APIRouter(prefix="/api/v1")

ShareCode = Annotated[str, Field(pattern="^[A-Za-z0-9]{1,40}$")]


class SharesIn(StrictModel):
    """The shares of partners in a draft, with the name of the person who chose them and why."""

    shares: Annotated[
        dict[ShareCode, Annotated[float, Field(gt=0, le=1)]] | None,
        Field(
            max_length=20,
            description="A share per partner's code; an empty object for none; null to choose "
            "what is proposed",
            examples=[{"KIBERA": 0.5}],
        ),
    ]
    by: Line100
    reason: Line500


class ProposedShareOut(ResponseModel):
    """A partner's proposed share of the batch, with the reasons."""

    partner: str
    share: float
    reasons: list[str]


class SharesOut(ResponseModel):
    """The shares of partners in a batch: as chosen, and as proposed.

    `answers` is the number of answers that the proposal reckons with. It changes with the tasks.
    """

    chosen: dict[str, float]
    proposed: list[ProposedShareOut]
    answers: int
    keep_shares_h: int


@router.get("/batches/{batch}/shares")
async def shown(rt: Rt, client: Client, batch: BatchPath) -> SharesOut:
    """Show the chosen shares of partners, and a proposal with the reasons for each partner.

    The proposal follows from the partners' capacity and the measured quality of their workers. Add
    the tasks first, because the number of answers counts.
    """
    await _mine(rt, client, batch)
    return _out(await offered_shares.offer(rt, batch))


@router.put("/batches/{batch}/shares")
async def choose(rt: Rt, client: Client, batch: BatchPath, given: SharesIn) -> SharesOut:
    """Choose the shares of a draft, as proposed or your own.

    What you chose is kept with your reason.
    """
    await _mine(rt, client, batch)
    found = await offered_shares.choose_shares(
        rt, client, batch, given.shares, by=given.by, because=given.reason
    )
    return _out(found)


def _out(found: ShareOffer) -> SharesOut:
    return SharesOut(
        chosen=dict(found.chosen),
        proposed=[
            ProposedShareOut(partner=one.code, share=one.share, reasons=list(one.reasons))
            for one in found.proposed
        ],
        answers=found.answers,
        keep_shares_h=found.keep_h,
    )


async def _mine(rt: Runtime, client: ClientId, batch: str) -> None:
    if await listed_batches.of_client(rt.db, client, batch) is None:
        raise Refused(f"no batch {batch!r}", status=404)
