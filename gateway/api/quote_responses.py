"""The models of responses about the cost of a batch and the texts of its questions."""

from typing import Annotated

from pydantic import Field

from gateway.api.contract.listed import EncodingOut
from gateway.api.contract.told import ResponseModel
from gateway.api.quotes import GoldBudgetOut, PromiseOut, ReadyOut


class MessageCostRange(ResponseModel):
    """A range of costs, in minor units of `currency`, rounded up."""

    currency: str
    least_minor: int
    expected_minor: int
    most_minor: int


class MessagesQuoteOut(ResponseModel):
    """The expected cost of messages to the current workers.

    Each worker is assumed to continue as she last worked. A worker that dials costs no message. A
    worker that texts gets several questions in one SMS if the batch packs them. `least`: the first
    answers are enough and all replies are clear. `expected`: a few are not. `most`: every paid slot
    is used, every worker answers by SMS, and each message holds one question. `unpriced`: countries
    without a price.
    """

    segments_least: int
    segments_expected: int
    segments_most: int
    costs: list[MessageCostRange]
    unpriced: list[str]


class Warned(ResponseModel):
    """A question that costs more than one plain SMS segment.

    `text` is a cheaper wording, where there is one, and `diff` shows the difference. Nothing was
    changed. `cannot_go` names the channel and language in which it cannot be asked, and the reason.
    `loses_letters` means that a speaker of the language should read the text. `kept` lists
    characters that cannot be replaced and that make the whole message dearer (UCS-2).
    """

    row: int
    task: str
    encoding: EncodingOut
    segments: int
    segments_then: Annotated[int, Field(description="With the cheaper wording")]
    text: str | None
    diff: str | None
    loses_letters: bool
    cannot_go: str | None = None
    kept: str


class PayQuoteOut(ResponseModel):
    """The expected pay of an hour, in minor units, beside the living-wage floor.

    A batch below the floor is not started, unless the operator allows it. `reserve_minor` is set
    aside at the start for top-ups, in addition to `most_minor`, and returns as far as it is not
    needed.
    """

    seconds_per_answer: float
    measured: Annotated[
        bool,
        Field(
            description="Whether the time follows from measured batches of this kind, or only from the length of the texts"
        ),
    ]
    hourly_minor: int
    floor_minor: int | None
    floor_country: str | None
    floor_source: str | None
    below_floor: bool
    allowed_below_floor: str | None = Field(description="The operator's reason, if it is allowed")
    price_for_floor_minor: int | None
    reserve_minor: int


class QuoteOut(ResponseModel):
    """The possible cost of the batch.

    `most_minor` is the cost if every paid slot is used, each with the partner's price.
    `least_minor` is the cost if every task is clear at once and no worker belongs to a partner.
    `warned` is the number of questions that cost more than one plain SMS segment, and `warnings`
    lists the first of them.
    """

    tasks: int
    golds: int
    price_minor: int
    partner_price_minor: int
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
    workers: Annotated[int, Field(description="The number of workers that may be asked")]
    workers_needed: Annotated[
        int,
        Field(
            description="The least number: no worker answers a task twice, or more than your limit"
        ),
    ]
    days_least: Annotated[
        int | None, Field(description="With your limit per day and these workers; null without")
    ]
    can_finish: Annotated[
        bool, Field(description="Whether enough workers exist now to finish the batch")
    ]
    why_not: Annotated[
        str | None,
        Field(
            description="The reason why it cannot be finished now, and the remedy; null if it can"
        ),
    ]
    pay: PayQuoteOut
    checks_minor: Annotated[
        int,
        Field(description="The part of `most_minor` that is for paid reviews and audits"),
    ]
    workers_able: Annotated[
        int,
        Field(
            description="The workers who are not paused at this kind and have the lesson it needs"
        ),
    ]
    workers_reachable: Annotated[
        int, Field(description="The able workers whose phone is not known to be off")
    ]
    answers_expected: Annotated[
        int, Field(description="The expected paid answers to real tasks, gold apart")
    ]
    expected_minor: Annotated[
        int, Field(description="The expected cost of all answers, with gold, reviews and audits")
    ]
    ready: ReadyOut
    gold: GoldBudgetOut
    promise: Annotated[
        PromiseOut | None, Field(description="Null where the batch names a policy")
    ] = None
