"""The models of responses with results, answers, and the figures of keyed fields."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.api.contract.listed import ChannelOut, ResultStateOut, SettledOut
from gateway.api.contract.told import ResponseModel


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
