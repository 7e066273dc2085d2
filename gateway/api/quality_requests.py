"""The typed models of the quality steps: what a client orders, judges, accepts and refuses."""

from typing import Annotated

from pydantic import Field

from gateway.api.strict import PriceInput, StrictModel
from gateway.base.text.strings import Id, Line100, Line500
from gateway.qa.checks.plan import AuditRule, QualificationRule, ReviewRule

TASKS_REFUSED_MAX = 10_000
_HOURS_MAX = 24 * 90
_QUALIFICATION, _REVIEW, _AUDIT = QualificationRule(), ReviewRule(price_minor=1), AuditRule()


class QualificationIn(StrictModel):
    """The rule by which workers may answer the batch."""

    min_skill: Annotated[
        float,
        Field(
            gt=0.5,
            lt=1,
            description="The least chance to be right at this kind of task. A new worker is "
            "believed to have 0.75, so a higher value admits only workers with proven skill.",
        ),
    ] = _QUALIFICATION.min_skill
    min_gold: Annotated[
        int,
        Field(ge=0, le=20, description="Gold among a new worker's first questions of this kind"),
    ] = _QUALIFICATION.min_gold


class ReviewIn(StrictModel):
    """The paid review of doubtful tasks by workers of proven skill who did not answer them."""

    price: Annotated[
        PriceInput,
        Field(description="Per review answer, in major units", examples=["10.00"]),
    ]
    below: Annotated[
        float,
        Field(ge=0.5, le=1, description="Review tasks with a confidence below this"),
    ] = _REVIEW.below
    reviewers: Annotated[int, Field(ge=1, le=3, description="Reviewers of each task")] = (
        _REVIEW.reviewers
    )
    share: Annotated[
        float,
        Field(gt=0, le=1, description="The greatest share of the tasks that is reviewed"),
    ] = _REVIEW.share
    min_skill: Annotated[
        float, Field(gt=0.5, lt=1, description="The least skill of a reviewer at this kind")
    ] = _REVIEW.min_skill
    within_h: Annotated[
        int, Field(ge=1, le=_HOURS_MAX, description="Hours until the review ends")
    ] = _REVIEW.within_h
    staff: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z0-9]{1,40}$",
            description="The code of a partner whose quality staff reviews, whatever its skill. "
            "Tasks that too few of its staff may review go to workers with the skill.",
        ),
    ] = None


class AuditIn(StrictModel):
    """The audit of a random sample before the delivery."""

    half_width: Annotated[
        float,
        Field(
            ge=0.005,
            le=0.25,
            description="Half the width of the wished 95 % interval, which gives the sample's size",
        ),
    ] = _AUDIT.half_width
    promise: Annotated[
        float, Field(ge=0.5, le=1, description="The promised share of right results")
    ] = _AUDIT.promise
    price: Annotated[
        PriceInput | None,
        Field(
            description="Per answer of a paid auditor, in major units: a worker of proven skill "
            "who was not involved. None: you or the operator audit."
        ),
    ] = None
    within_h: Annotated[
        int,
        Field(
            ge=1, le=_HOURS_MAX, description="Hours until the batch is delivered without the audit"
        ),
    ] = _AUDIT.within_h


QualificationOption = Annotated[
    QualificationIn | None, Field(description="Which workers may answer")
]
ReviewOption = Annotated[
    ReviewIn | None, Field(description="Paid reviewers decide the tasks in doubt")
]
AuditOption = Annotated[
    AuditIn | None, Field(description="A random sample is judged before the delivery")
]
AcceptHours = Annotated[
    int,
    Field(
        ge=1,
        le=_HOURS_MAX,
        description="Hours in which you may refuse the delivered batch. Then it counts as accepted.",
    ),
]


class AuditJudgementIn(StrictModel):
    """An auditor's value of a task; null where the true value cannot be told."""

    value: Annotated[str, Field(min_length=1, max_length=1_200)] | None
    by: Line100


class AcceptIn(StrictModel):
    """The acceptance of a delivered batch, and the name of the person who accepts it."""

    by: Line100


class RefuseIn(StrictModel):
    """The refusal of a delivered batch: the tasks that are wrong, the reason, and the person."""

    tasks: Annotated[list[Id], Field(min_length=1, max_length=TASKS_REFUSED_MAX)]
    reason: Line500
    by: Line100
