"""The typed models of responses to clients, from which the responses in /openapi.json are made."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.api.contract.listed import (
    AtDeadlineOut,
    BatchStateOut,
    ChannelOut,
    EncodingOut,
    FieldTypeOut,
    FindingKindOut,
    FindingStateOut,
    KindOut,
    MethodOut,
    OrderOut,
    ResultStateOut,
    SettledOut,
    TaskStateOut,
    ValueOut,
    WorkDoneOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.quotes import GoldBudgetOut, HourOut, PromiseOut, ReadyOut


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
        Field(description="For a transcription: text, date, number or name; null for options"),
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
        int, Field(description="The expected cost of all answers with gold, without checks")
    ]
    ready: ReadyOut
    gold: GoldBudgetOut
    promise: Annotated[
        PromiseOut | None, Field(description="Null where the batch names a policy")
    ] = None


class FieldResultOut(ResponseModel):
    """One field of a record's result."""

    value: str | None
    confidence: Annotated[
        float | None,
        Field(description="The chance that it is right; null where a person decided"),
    ]
    entries: Annotated[int, Field(description="The workers who keyed this field")]
    settled: Annotated[
        SettledOut | None,
        Field(
            description="single (one entry), agreed (all entries are equal), settled (most are "
            "equal), open (no value has enough entries yet) or person"
        ),
    ]
    settled_by: Annotated[
        str | None, Field(description="The worker whose entry settled it, where entries differed")
    ]


class ErrorFiguresOut(ResponseModel):
    """Entries whose truth is known, and the interval (95 %) of their error rate."""

    seen: int
    wrong: int
    least: float | None
    most: float | None


class EntryFiguresOut(ResponseModel):
    """The figures of a field, or of a worker."""

    entries: Annotated[int, Field(description="Keyed values, gold left out")]
    keyed_twice: Annotated[int, Field(description="Values that a second worker keyed too")]
    agreed: Annotated[int, Field(description="Those whose first two entries are equal")]
    gold: ErrorFiguresOut
    settled: Annotated[
        ErrorFiguresOut, Field(description="Against the fields that several entries settled")
    ]


class WorkerFiguresOut(EntryFiguresOut):
    """The figures of one worker in this batch, and her error rate over all batches."""

    worker: Annotated[str, Field(description="The id by which you know the worker")]
    error: float
    error_limit: Annotated[float, Field(description="The upper limit of the error rate (97.5 %)")]
    keys_alone: Annotated[bool, Field(description="One entry of hers is enough now")]
    fields: dict[str, EntryFiguresOut]


class FieldErrorsOut(ResponseModel):
    """The agreement and the error rates of a data entry."""

    error_max: Annotated[
        float | None, Field(description="The share of wrong fields that `double` accepts")
    ]
    fields: dict[str, EntryFiguresOut]
    workers: list[WorkerFiguresOut]


class ResultOut(ResponseModel):
    """The result of one task.

    `state` is decided, review (answers do not agree well enough), ambiguous (the question has no
    single answer), open or cancelled.
    """

    task: str
    state: ResultStateOut
    value: str | None
    confidence: float | None
    confidence_checked: Annotated[
        bool | None,
        Field(
            description="Whether gold of this batch has checked how often such confidences are "
            "right. True only when the batch is closed and some of its gold was answered. False: "
            "take the confidence as a rough order of the results. Null: there is no confidence, "
            "or a person decided."
        ),
    ]
    checked_with_gold: Annotated[
        int, Field(description="The number of answered gold tasks that checked the confidence")
    ]
    answers: int
    tied: Annotated[bool, Field(description="No answer was given more often than every other one")]
    rule: str | None
    fields: Annotated[
        dict[str, FieldResultOut] | None,
        Field(description="Of a record, by name; left out for other kinds"),
    ] = None
    prediction: Annotated[
        str | None,
        Field(
            description="With use_predictions: the value that your model predicted, where it "
            "counted in this result. Its measured skill is in `GET .../predictions`"
        ),
    ] = None
    counts: Annotated[
        dict[str, int], Field(description="The number of answers per value; options come first")
    ]
    decided_at: datetime | None
    columns: Annotated[dict[str, Any], Field(description="Your own columns of the task")]


class AnswerOut(ResponseModel):
    """One answer of one worker.

    `answer` is its number among the answers to its task. `said` holds the worker's own words, and
    `value` what was understood. `counted` is false when the answer no longer decides anything.
    `right` says whether an answer to gold was right, and is null for other tasks. `options_order`
    is the order in which the worker saw the options. `price` is in major units.
    """

    task: str
    answer: int
    worker: str
    channel: ChannelOut
    said: str
    value: str
    asked_at: datetime
    answered_at: datetime
    lead_time_s: float
    counted: bool
    gold: bool
    right: bool | None
    price: str
    currency: str
    options_order: list[str]
    columns: Annotated[dict[str, Any], Field(description="Your own columns of the task")]


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
