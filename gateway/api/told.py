"""What clients are told, as typed models: the source of the responses in /openapi.json."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from gateway.api.asked import OptionIn


class Progress(BaseModel):
    """Counted in answers as well as in tasks: 90 % of the answers in shows as 90 %.

    `counted_at`: when a large batch was counted last; none for other batches, which are counted as
    they are shown.
    """

    tasks: int
    tasks_done: int
    tasks_review: int
    golds: int
    answers: int
    answers_wanted: int
    asked_now: int
    percent: float
    counted_at: datetime | None


class MessageCost(BaseModel):
    """The batch's SMS that providers took, in minor units of `currency` with their fraction; the provider's own price
    where it names one. `currency` is empty where no price is known. It is not taken from the batch's money."""

    currency: str
    messages: int
    segments: int
    cost_minor: float


class MessageCostRange(BaseModel):
    """Minor units of `currency`, rounded up."""

    currency: str
    least_minor: int
    expected_minor: int
    most_minor: int


class MessagesQuoteOut(BaseModel):
    """To the workers there are now, each working on as she last did: who dials costs no message, who texts gets several
    questions in one where the batch packs them. `least`: the first answers are enough and all replies are clear;
    `expected`: a few are not; `most`: every paid slot, everybody by SMS, one question a message. `unpriced`: countries
    without a price."""

    segments_least: int
    segments_expected: int
    segments_most: int
    costs: list[MessageCostRange]
    unpriced: list[str]


class Money(BaseModel):
    """Minor units of `currency`.

    `forecast_minor`: what the batch will have cost at its close, as things go now.
    `released_minor`: what came back to you when it closed.
    """

    currency: str
    reserved_minor: int
    spent_minor: int
    forecast_minor: int
    released_minor: int
    messages: list[MessageCost]


class ShareOut(BaseModel):
    """A partner's share: the part of the tasks that was promised, how many tasks that is, how many of them are done, and
    the answers its workers gave in the whole batch. `kept_until`: from then on its open tasks are anybody's."""

    partner: str
    share: float
    tasks: int
    tasks_done: int
    answers: int
    kept_until: datetime | None


class FindingOut(BaseModel):
    """Something a person should look at, with the figures it rests on.

    Nothing happens to anybody by a finding alone. `worker`: by number; none where it is about a
    task.
    """

    id: int
    kind: str
    worker: int | None
    evidence: dict[str, Any]
    state: str
    outcome: str | None
    at: datetime


class Background(BaseModel):
    """Work on the whole batch that goes on: `checking` and `storing` (an upload), `starting`
    (its tasks are dealt out to partners), `learning` and `teaching` (who is good at it), `closing`
    (its results are estimated) or `publishing` (they are there, and are counted with the next look). `of`: none until it is known. Tasks and results change all at once when it is done."""

    doing: str
    done: int
    of: int | None


class BatchOut(BaseModel):
    id: str
    name: str
    kind: str
    value: Annotated[
        str | None,
        Field(description="Of a transcription: text, date, number or name; null for options"),
    ]
    state: str
    instructions: str
    price_minor: int
    policy: str
    method: str
    languages: list[str]
    options: list[OptionIn]
    pack_max: Annotated[int, Field(description="Questions in one SMS at most")]
    rotates: Annotated[bool, Field(description="Every worker has an order of options of her own")]
    order: str
    worker_max: int | None
    worker_day_max: int | None
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    progress: Progress
    money: Money
    confidence_checked: Annotated[
        bool,
        Field(
            description="Whether the confidences of the results are checked with gold; see the results"
        ),
    ]
    gold_answered: Annotated[
        int, Field(description="Gold tasks of yours that were answered at least once")
    ]
    background: Annotated[Background | None, Field(description="None: nothing heavy goes on")] = (
        None
    )
    shares: Annotated[list[ShareOut], Field(description="Told of a single batch only")] = []
    findings: Annotated[list[FindingOut], Field(description="Told of a single batch only")] = []


class Warned(BaseModel):
    """A question that costs more than one plain SMS segment.

    `text` is a cheaper wording, where there is one, and `diff` shows what differs; nothing was
    changed. `cannot_go`: on which channel, in which language it cannot be asked, and why.
    `loses_letters`: let somebody who speaks the language read it. `kept`: characters that nothing
    can replace and that make the whole message dearer (UCS-2).
    """

    row: int
    task: str
    encoding: str
    segments: int
    segments_then: Annotated[int, Field(description="With the cheaper wording")]
    text: str | None
    diff: str | None
    loses_letters: bool
    cannot_go: str | None = None
    kept: str


class QuoteOut(BaseModel):
    """What the batch can cost: at most if every paid slot is used, at least if every task is clear at once.
    `warned`: how many questions cost more than one plain SMS segment; `warnings`: the first of them."""

    tasks: int
    golds: int
    price_minor: int
    answers_minimum: int
    answers_maximum: int
    least_minor: int
    most_minor: int
    available_minor: int
    enough: bool
    currency: str
    messages: MessagesQuoteOut
    warned: int
    warnings: list[Warned]
    workers: Annotated[int, Field(description="Who may be asked")]
    workers_needed: Annotated[
        int, Field(description="At least: nobody answers a task twice, or more than your limit")
    ]
    days_least: Annotated[
        int | None, Field(description="With your limit a day and these workers; null without any")
    ]
    can_finish: Annotated[
        bool, Field(description="Whether enough workers exist now to finish the batch")
    ]
    why_not: Annotated[
        str | None,
        Field(description="Why it cannot be finished now, and what helps; null where it can"),
    ]


class ResultOut(BaseModel):
    """`state`: decided, review (answers do not agree well enough), ambiguous (the question has no single answer), open or cancelled."""

    task: str
    state: str
    value: str | None
    confidence: float | None
    confidence_checked: Annotated[
        bool | None,
        Field(
            description="Whether gold of this batch has checked how often such confidences are right: only once the batch "
            "is closed and gold of it was answered. False: take the confidence as a rough order of the results. Null: there "
            "is no confidence, or a person decided."
        ),
    ]
    checked_with_gold: Annotated[
        int, Field(description="How many answered gold tasks the confidence was checked with")
    ]
    answers: int
    tied: Annotated[bool, Field(description="No answer was given more often than every other one")]
    rule: str | None


class AccountOut(BaseModel):
    client: str
    name: str
    currency: str
    available_minor: int
    reserved_minor: int


class Added(BaseModel):
    """`warned`: how many questions cost more than one plain SMS segment; `warnings`: the first of them."""

    added: int
    warned: int
    warnings: list[Warned]
