"""The models of responses about quality: reports, audits, corrections, rules, and histories."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.api.contract.listed import (
    AcceptanceStateOut,
    BatchStateOut,
    BecameOut,
    ChannelOut,
    PartnerStateOut,
    ResultStateOut,
    TaskStateOut,
    VerdictOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.result_responses import FieldResultOut

StoredTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time that the response holds in the form in which it was stored."""
WorkerName = Annotated[str, Field(description="The id by which you know the worker")]


class ErrorShareOut(ResponseModel):
    """A share of errors with its 95 % interval, 0 to 1."""

    share: float
    low: float
    high: float
    errors: int
    sample: int


class QualityStepOut(ResponseModel):
    """One of the five quality steps: what it caught, its cost, and the errors that remain."""

    name: Literal["qualification", "gold", "redundancy", "review", "audit"]
    title: str
    caught: dict[str, int]
    cost_minor: int | None
    segments: int | None
    remaining: ErrorShareOut | None
    measured: str
    used: bool


class AuditOut(ResponseModel):
    """One audit. Its seed repeats the draw of the sample."""

    round: int
    seed: str
    population: int
    size: int
    judged: int
    unclear: int
    errors: int
    answered_errors: int
    ended_at: datetime | None
    keeps_promise: bool | None
    asked_again: int | None


class AcceptanceOut(ResponseModel):
    """The client's word on a delivered batch."""

    state: AcceptanceStateOut
    delivered_at: datetime | None
    accept_by: datetime | None
    by: str | None
    reason: str
    tasks: list[str]
    sentence: str


class QualityOut(ResponseModel):
    """The quality report of a batch. An unknown figure is null."""

    batch: str
    name: str
    state: BatchStateOut
    stage: str
    currency: str
    steps: list[QualityStepOut]
    audits: list[AuditOut]
    promise: float | None
    keeps_promise: bool | None
    expected_error: float | None
    acceptance: AcceptanceOut
    before_appeals: Annotated[
        ErrorShareOut | None, Field(description="The errors that remained when the audit ended")
    ]
    after_appeals: Annotated[
        ErrorShareOut | None, Field(description="The same after upheld appeals since")
    ]
    changed_by_appeals: Annotated[
        int, Field(description="The results that upheld appeals changed since the audit ended")
    ]


class AuditTaskOut(ResponseModel):
    """The next task of an audit's sample; `task` is null when all are judged."""

    task: str | None
    text: str | None
    place: int | None
    instructions: str
    values: list[str]


class AskedOut(ResponseModel):
    """A worker to whom the task was put."""

    worker: WorkerName
    via: ChannelOut
    at: StoredTime
    delivered_at: StoredTime | None
    became: BecameOut


class JudgementOut(ResponseModel):
    """One judgement that an answer brought about."""

    at: StoredTime
    ruling: str | None
    skills: list[float]
    best: str | None
    confidence: float | None
    verdict: VerdictOut


class TaskAnswerOut(ResponseModel):
    """An answer to the task, with the judgements that followed it."""

    at: StoredTime
    worker: WorkerName
    via: ChannelOut
    said: str | None
    value: str
    void: bool
    skill: float
    skill_at_least: float
    skill_as_of: Literal["then", "today"]
    paid_minor: int
    best_so_far: str | None
    confidence: float | None
    verdict: VerdictOut
    skill_wanted: float | None
    judged: list[JudgementOut]


class WaitsForOut(ResponseModel):
    """The better worker whom the task waits for, and until when."""

    skill: float
    until: StoredTime


class TaskCorrectionOut(ResponseModel):
    """A correction that was about the task or changed it."""

    at: StoredTime
    was: str | None
    becomes: str | None
    by: str
    reason: str


class SwitchedOut(ResponseModel):
    """A rule that was switched on for the batch."""

    version: str
    at: StoredTime
    by: str
    reason: str


class ReopenedResultOut(ResponseModel):
    """A result that the task had before it was opened again."""

    state: ResultStateOut
    value: str | None
    confidence: float | None
    rule: str | None
    decided_at: StoredTime | None
    reopened_at: StoredTime
    reopened_by: str


class TaskHistoryOut(ResponseModel):
    """The history of a result, in order."""

    task: str
    text: str
    batch: str
    policy: str
    gold: str | None
    asked: list[AskedOut]
    answers: list[TaskAnswerOut]
    corrections: list[TaskCorrectionOut]
    earlier: list[ReopenedResultOut]
    waits_for: WaitsForOut | None
    kept_for: str | None
    state: TaskStateOut
    value: str | None
    confidence: float | None
    confidence_checked: bool | None
    checked_with_gold: int
    tied: bool
    fields: dict[str, FieldResultOut] | None = None
    rule: str | None
    ruling: str | None
    switched: list[SwitchedOut]
    decided_by: str | None
    decided_at: StoredTime | None


class ChangedAnswerOut(ResponseModel):
    """An answer that became right or wrong."""

    worker: WorkerName
    was_right: bool
    is_right: bool


class ChangedResultOut(ResponseModel):
    """A result that changed."""

    task: str
    was: str | None
    becomes: str | None
    confidence: float | None
    confidence_checked: bool | None
    checked_with_gold: int


class MovedOut(ResponseModel):
    """A task whose state changed."""

    task: str
    was: TaskStateOut
    becomes: TaskStateOut


class CorrectionOut(ResponseModel):
    """All changes that a correction made. No money is taken back."""

    answers: list[ChangedAnswerOut]
    back: list[WorkerName]
    decisions: list[ChangedResultOut]
    moved: list[MovedOut]
    renamed: Annotated[int, Field(description="The answers that count as another value now")]
    void: Annotated[int, Field(description="The answers that no longer decide anything")]
    pay_minor: int
    pay: str
    rejudge: Annotated[
        Any, Field(description="The tasks that are not judged again yet; missing if all are")
    ] = None


class UsedRuleOut(ResponseModel):
    """A rule that decided results of the batch."""

    version: str
    at: datetime
    by: str
    reason: str
    trial: dict[str, Any] | None
    data: dict[str, Any]
    decided: int


class TriedRuleOut(ResponseModel):
    """A rule that was tried, with the findings."""

    at: datetime
    version: str
    by: str
    found: dict[str, Any]


class RulesOut(ResponseModel):
    """The rules of a batch."""

    used: list[UsedRuleOut]
    tried: list[TriedRuleOut]


class TrialOut(ResponseModel):
    """The effect of a changed rule on the answers that are there."""

    version: Annotated[str, Field(description="Give it to `switch`")]
    rule: dict[str, Any]
    tasks: int
    gold: int
    now: Annotated[dict[str, Any], Field(description="Answers, costs and accuracy of the rule now")]
    new: Annotated[dict[str, Any], Field(description="The same of the rule that is tried")]
    changed: int
    changes: list[dict[str, Any]]


class MovesOut(ResponseModel):
    """The tasks that a switch decided or opened again."""

    moved: list[MovedOut]


class AudiencePartnerOut(ResponseModel):
    """A partner whose workers may be asked."""

    id: int
    code: str
    name: str
    state: PartnerStateOut


class AudienceWorkerOut(ResponseModel):
    """A worker who may be asked."""

    id: WorkerName
    partner: int | None
    language: str


class AudienceOut(ResponseModel):
    """The partners, and a page of workers, for the `audience` of tasks."""

    partners: list[AudiencePartnerOut]
    workers: list[AudienceWorkerOut]
