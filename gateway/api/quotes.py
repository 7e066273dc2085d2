"""The forecasts of a quote in the form in which clients read them."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from gateway.api.contract.told import ResponseModel
from gateway.qa.checks.promise import PromisePlan
from gateway.qa.skills.gold_budget import GoldBudget
from gateway.steps.batches.quoting.ready_when import ReadyForecast
from gateway.store.batches.promises import KeptPromise


class ReadyOut(ResponseModel):
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


class HourOut(ResponseModel):
    """The answers of a batch in one hour, gold included. Hours without answers are left out."""

    hour: datetime
    answers: int


class GoldBudgetOut(ResponseModel):
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


class CertificateOut(ResponseModel):
    """The certificate of a promised accuracy, made when the batch closes.

    The batch's gold measured the accuracy. Each gold task was judged with the answers that a real
    task would have had, and without its own truth.
    """

    verdict: Annotated[
        Literal["reached", "missed", "open", "unknown"],
        Field(
            description="reached or missed: the whole interval lies above or below the target; "
            "open: it includes the target; unknown: there was too little gold"
        ),
    ]
    accuracy: float | None
    low: Annotated[float | None, Field(description="The lower end of the 95 % interval")]
    high: float | None
    gold: Annotated[int, Field(description="The gold tasks by which it was measured")]
    sentence: str


class PromiseOut(ResponseModel):
    """The plan for a promised accuracy: what the gateway chose, and what it predicts.

    The accuracy is the share of all tasks with a right result. A task that is left for review
    counts with its best value.
    """

    accuracy: Annotated[float, Field(description="The share of right results that you asked for")]
    can_promise: Annotated[
        bool,
        Field(description="True if it is reached with a likelihood of 95 %, and gold shows it"),
    ]
    reason: str
    helps: Annotated[list[str], Field(description="What would help, as sentences")]
    policy: Annotated[str | None, Field(description="Null where no worker may be asked")]
    confidence: Annotated[
        float | None, Field(description="Asking about a task stops at this confidence")
    ]
    answers_per_task: Annotated[float | None, Field(description="The expected mean")]
    answers_per_task_low: Annotated[
        float | None, Field(description="The lower end of its 90 % interval")
    ]
    answers_per_task_high: float | None
    answers_per_task_most: Annotated[int | None, Field(description="No task costs more answers")]
    review_share: Annotated[
        float | None,
        Field(description="The expected share of tasks that stay in doubt, with a best value"),
    ]
    predicted: Annotated[float | None, Field(description="The predicted accuracy")]
    low: Annotated[float | None, Field(description="The lower end of its 95 % interval")]
    high: float | None
    gold_to_show: Annotated[
        int | None,
        Field(
            description="The gold tasks with which the certificate can show that it was reached; "
            "null where the prediction is too close to the target for any number"
        ),
    ]
    asked_more: Annotated[
        int, Field(description="The further answers that the promise needed so far")
    ]
    certificate: Annotated[CertificateOut | None, Field(description="Null before the close")]


def promise_out(plan: PromisePlan, kept: KeptPromise | None) -> PromiseOut:
    """Return a promise in the form in which clients read it."""
    chosen = plan.chosen
    outcome = kept.outcome if kept else None
    return PromiseOut(
        accuracy=plan.target,
        can_promise=plan.can_promise,
        reason=plan.reason,
        helps=list(plan.helps),
        policy=chosen.policy if chosen else None,
        confidence=chosen.confidence or None if chosen else None,
        answers_per_task=round(chosen.answers, 3) if chosen else None,
        answers_per_task_low=round(chosen.answers_low, 3) if chosen else None,
        answers_per_task_high=round(chosen.answers_high, 3) if chosen else None,
        answers_per_task_most=chosen.most if chosen else None,
        review_share=round(chosen.review, 4) if chosen else None,
        predicted=round(chosen.accuracy, 4) if chosen else None,
        low=round(chosen.low, 4) if chosen else None,
        high=round(chosen.high, 4) if chosen else None,
        gold_to_show=plan.gold,
        asked_more=kept.asked_more if kept else 0,
        certificate=CertificateOut(**{name: outcome[name] for name in CertificateOut.model_fields})
        if outcome
        else None,
    )


def _minute(at: datetime) -> datetime:
    """Return a forecast as the next full minute.

    It is no more exact than that, and an answer that differs with every call has no useful tag.
    """
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def ready_out(ready: ReadyForecast) -> ReadyOut:
    """Return a forecast in the form in which clients read it."""
    times = ready.times
    return ReadyOut(
        earliest=_minute(times.earliest) if times else None,
        likely=_minute(times.likely) if times else None,
        latest=_minute(times.latest) if times and times.latest else None,
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
