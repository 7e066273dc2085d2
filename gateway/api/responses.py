"""The typed models of responses to clients, from which the responses in /openapi.json are made."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.api.contract.listed import (
    AtDeadlineOut,
    BatchStateOut,
    FieldTypeOut,
    FindingKindOut,
    FindingStateOut,
    KindOut,
    MethodOut,
    OrderOut,
    TaskStateOut,
    ValueOut,
    WorkDoneOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.quote_responses import Warned
from gateway.api.quotes import HourOut, PromiseOut, ReadyOut
from gateway.tasks.values import values


class Progress(ResponseModel):
    """The progress of a batch, counted in answers as well as in tasks.

    With 90 % of the answers in, `percent` is 90. `counted_at` is the time when a large batch was
    counted last. It is null for other batches, which are counted when they are shown.
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


class MessageCost(ResponseModel):
    """The cost of the batch's SMS that providers accepted.

    It is in minor units of `currency` with their fraction, and is the provider's own price where
    the provider names one. `currency` is empty where no price is known. The cost is not taken from
    the batch's money.
    """

    currency: str
    messages: int
    segments: int
    cost_minor: float


class Money(ResponseModel):
    """The money of a batch, in minor units of `currency`.

    `spent_minor` includes `partners_minor`, the amount that partners earned, and `checks_minor`,
    the amount that paid reviewers and auditors earned. `forecast_minor` is the expected total cost
    at the close, at the current rate. `released_minor` is the amount that came back to you at the
    close.
    """

    currency: str
    reserved_minor: int
    spent_minor: int
    partners_minor: int
    checks_minor: int
    forecast_minor: int
    released_minor: int
    messages: list[MessageCost]


class PayOut(ResponseModel):
    """The pay of the batch's workers per hour, in minor units, from the times of their answers.

    `median_minor` and `p10_minor` are known once the batch is closed and measured.
    `topped_up_minor` was then paid from `reserve_minor`, because the median was below the floor.
    `gini` is 0 where all workers earned the same.
    """

    currency: str
    floor_minor: int | None
    floor_country: str | None
    allowed_below_floor: str | None
    expected_seconds_per_answer: float
    answers: int | None
    workers: int | None
    hours: float | None
    median_minor: int | None
    p10_minor: int | None
    gini: float | None
    reserve_minor: int
    topped_up_minor: int
    settled: bool


class ShareOut(ResponseModel):
    """A partner's share of a batch.

    It shows the promised part of the tasks, their number, and the number that is done. `answers`
    counts the answers that the partner's workers gave in the whole batch. From `kept_until` on, all
    workers may get its open tasks.
    """

    partner: str
    share: float
    tasks: int
    tasks_done: int
    answers: int
    kept_until: datetime | None


class FindingOut(ResponseModel):
    """An observation for a person to look at, with the figures it rests on.

    A finding alone has no consequence for a worker. `worker` is the worker's id, and null where the
    finding is about a task.
    """

    id: int
    kind: FindingKindOut
    worker: str | None
    evidence: dict[str, Any]
    state: FindingStateOut
    outcome: str | None
    at: datetime


class Background(ResponseModel):
    """Work on the whole batch that is in progress.

    `doing` is one of these:

    - `checking` and `storing`: an upload
    - `starting`: the tasks are distributed among partners
    - `learning` and `teaching`: the workers' skills are estimated
    - `closing`: the results are estimated
    - `publishing`: the results are there, and are counted with the next look

    `of` is null until it is known. Tasks and results change all at once when the work is done.
    """

    doing: WorkDoneOut
    done: int
    of: int | None


class OptionOut(ResponseModel):
    """A possible answer. Results name its `id`, and workers read its label in their language."""

    id: str
    labels: dict[str, str]


class FieldOut(ResponseModel):
    """A typed field of a record, with the rules that apply to it."""

    id: str
    type: FieldTypeOut
    labels: dict[str, str]
    optional: bool
    min: str | None
    max: str | None
    decimals: int | None
    length_min: int | None
    length_max: int | None
    check: str | None
    options: list[OptionOut] | None
    currency: str | None


class BatchOut(ResponseModel):
    """A batch: what was ordered, its progress and its money."""

    id: str
    name: str
    labels: dict[str, str]
    kind: KindOut
    value: Annotated[
        ValueOut | None,
        Field(description=f"For a transcription: {', '.join(values())}; null for options"),
    ]
    state: BatchStateOut
    instructions: str
    price_minor: int
    partner_price_minor: Annotated[
        int, Field(description="What a partner earns besides, per answer of its workers")
    ]
    policy: str
    method: MethodOut
    languages: list[str]
    options: list[OptionOut]
    fields: Annotated[list[FieldOut], Field(description="Of a record; empty for other kinds")]
    pack_max: Annotated[int, Field(description="The most questions per SMS")]
    needs_lesson: Annotated[
        bool, Field(description="Only workers who passed the lesson for this kind are asked")
    ]
    rotates: Annotated[bool, Field(description="Each worker has a different order of options")]
    order: OrderOut
    worker_max: int | None
    worker_day_max: int | None
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    language: Annotated[str | None, Field(description="The language of the texts")]
    any_language: bool
    open: Annotated[bool, Field(description="Tasks may be added while it runs")]
    deadline: datetime | None
    at_deadline: AtDeadlineOut
    ends_at: Annotated[
        datetime | None,
        Field(description="Since then only questions that workers hold are still answered"),
    ]
    progress: Progress
    money: Money
    confidence_checked: Annotated[
        bool,
        Field(
            description="Whether gold has checked the confidences of the results; see the results"
        ),
    ]
    gold_answered: Annotated[
        int, Field(description="Your gold tasks that were answered at least once")
    ]
    background: Annotated[
        Background | None, Field(description="Null: no such work is in progress")
    ] = None
    shares: list[ShareOut] = Field(
        default_factory=list[ShareOut], description="Only for a single batch"
    )
    findings: list[FindingOut] = Field(
        default_factory=list[FindingOut], description="Only for a single batch"
    )
    pay: Annotated[PayOut | None, Field(description="Only for a single batch that has started")] = (
        None
    )
    ready: Annotated[
        ReadyOut | None,
        Field(description="When it will be ready; only for a single batch that is running"),
    ] = None
    hours: list[HourOut] = Field(
        default_factory=list[HourOut],
        description="Its answers by hour, of the last two days; only for a single batch",
    )
    promise: Annotated[
        PromiseOut | None,
        Field(description="The promised accuracy; only for a single batch that has started"),
    ] = None


class BatchesOut(ResponseModel):
    """A page of batches.

    `total` counts all that fit the question. `next` is the cursor of the next page, null on the
    last one.
    """

    batches: list[BatchOut]
    next: str | None
    total: int


class TaskOut(ResponseModel):
    """A task with its result so far.

    `answers` is the number of its answers, `asked_now` the number of workers who hold it. `gold`
    is the truth that you gave for a hidden check. `columns` holds your own columns.
    """

    id: str
    text: str
    state: TaskStateOut
    value: str | None
    confidence: float | None
    answers: int
    answers_wanted: int
    asked_now: int
    gold: str | None
    decided_at: datetime | None
    columns: dict[str, Any]


class TasksOut(ResponseModel):
    """A page of tasks in the order of your upload.

    `total` counts all that fit the question. `next` is the cursor of the next page, null on the
    last one.
    """

    tasks: list[TaskOut]
    next: str | None
    total: int


class AccountOut(ResponseModel):
    """Your money, in minor units of `currency`, and what you should know (`notices`).

    `test` says that the key is a test key: the workers are simulated, and the money is not real.
    """

    client: str
    name: str
    currency: str
    available_minor: int
    reserved_minor: int
    test: bool
    notices: list[str]


class Added(ResponseModel):
    """The outcome of an upload of tasks.

    `warned` is the number of questions that cost more than one plain SMS segment, and `warnings`
    lists the first of them. `columns` names the columns that are not fields of a task: they come
    back with results and answers. Look at it once, since a misspelt field is among them.
    `predictions` is the number of tasks with a prediction in the file.
    """

    added: int
    columns: list[str]
    warned: int
    warnings: list[Warned]
    predictions: int = 0
    dry_run: bool = False
    cost_minor: Annotated[
        int | None, Field(description="Set aside for these tasks at once, where the batch runs")
    ] = None
    available_minor: Annotated[
        int | None, Field(description="Your free money before, where the batch runs")
    ] = None
