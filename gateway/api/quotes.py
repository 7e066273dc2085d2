"""The forecasts of a quote in the form in which clients read them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.qa.skills.gold_budget import GoldBudget
from gateway.steps.batches.quoting.ready_when import ReadyForecast


class ReadyOut(BaseModel):
    """The time at which the batch can be expected to be ready.

    The time lies between `earliest` and `latest` with 80 % likelihood, if the workers go on as they
    did. Every time is null where none can be named, and `reason` then says why.
    """

    earliest: datetime | None
    likely: datetime | None
    latest: Annotated[
        datetime | None, Field(description="Null also where it would take more than a year")
    ]
    reason: Annotated[str, Field(description="The origin of the forecast, as a sentence")]
    basis: Annotated[
        Literal["measured", "batch", "default"],
        Field(
            description="measured: these workers' answers of the last days; batch: the answers of "
            "this batch; default: nothing was measured, and a rate is assumed"
        ),
    ]
    answers_left: Annotated[int, Field(description="The answers that are still expected")]
    answers_ahead: Annotated[
        int, Field(description="The answers that other batches of these workers wait for first")
    ]
    answers_per_hour: Annotated[
        float, Field(description="The expected rate while all of the workers are awake")
    ]
    awake_now: Annotated[
        float, Field(description="The share of the workers who are not in their quiet hours now")
    ]


HOURS_SHOWN = 48
"""The hours of a batch's answers that are shown."""


class HourOut(BaseModel):
    """The answers of a batch in one hour, gold included. Hours without answers are left out."""

    hour: datetime
    answers: int


class GoldBudgetOut(BaseModel):
    """The gold of the batch, beside the gold that its workers will use up.

    A worker sees a gold task once, and is tested no more when she has seen all of them.
    """

    there: Annotated[int, Field(description="The gold tasks of the batch")]
    answers: Annotated[
        int, Field(description="The paid answers to gold that the present workers will give")
    ]
    needed: Annotated[
        int, Field(description="The gold tasks with which no worker runs out of gold")
    ]
    advised: Annotated[int, Field(description="The gold tasks that are advised in all")]
    more: Annotated[int, Field(description="The gold tasks that are advised besides those there")]
    why: Annotated[str, Field(description="The reason for the advice")]


def ready_out(ready: ReadyForecast) -> ReadyOut:
    """Return a forecast in the form in which clients read it."""
    times = ready.times
    return ReadyOut(
        earliest=times.earliest if times else None,
        likely=times.likely if times else None,
        latest=times.latest if times else None,
        reason=ready.reason,
        basis=ready.basis.value,
        answers_left=ready.answers,
        answers_ahead=ready.answers_ahead,
        answers_per_hour=round(ready.per_hour, 2),
        awake_now=round(ready.awake_now, 3),
    )


def gold_out(gold: GoldBudget) -> GoldBudgetOut:
    """Return a gold budget in the form in which clients read it."""
    return GoldBudgetOut(
        there=gold.there,
        answers=gold.answers,
        needed=gold.needed,
        advised=gold.advised,
        more=gold.more,
        why=gold.why,
    )
