"""The typed models of requests and responses about projects."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.api.contract.listed import (
    BatchStateOut,
    JoinOut,
    ParameterTypeOut,
    RoleOut,
    SourceOut,
    SplitOut,
    StageStateOut,
    TaskKindOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.quote_responses import Warned
from gateway.api.quotes import ReadyOut
from gateway.api.requests import PriceInput
from gateway.api.responses import Background
from gateway.base.text.strings import Line200

RecipeName = Annotated[
    str, StringConstraints(pattern="^[a-z][a-z0-9-]{0,39}$", strip_whitespace=False)
]


class ProjectIn(BaseModel):
    """A new project, which starts as a draft without a file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)

    recipe: Annotated[
        RecipeName,
        Field(description="The name of a recipe, see GET /recipes", examples=["check-list"]),
    ]
    name: Line200
    price: Annotated[
        PriceInput,
        Field(
            description="Per accepted answer of the recipe's task, in major units: a string or a "
            "number, e.g. 3.00. Checks of answers cost a share of it, which the recipe says.",
            examples=["3.00"],
        ),
    ]
    partner_price: Annotated[
        PriceInput | None,
        Field(
            description="Per accepted answer, for the partner of the worker who gave it; see "
            "partner_price of a batch"
        ),
    ] = None
    parameters: Annotated[
        dict[str, Any],
        Field(
            default_factory=dict,
            max_length=50,
            description="The recipe's parameters, and languages, policy, check and gold_rate",
            examples=[{"question": "Is {name} in {town} open?"}],
        ),
    ]


class ParameterOut(ResponseModel):
    """A parameter of a recipe. `default` is null for one that is required."""

    name: str
    about: str
    type: ParameterTypeOut
    required: bool
    default: Any


class RecipeOut(ResponseModel):
    """A recipe: what becomes of a file of its `source` form (table or text)."""

    name: str
    title: str
    about: str
    source: SourceOut
    split: SplitOut
    kind: TaskKindOut
    policy: str
    checks: bool
    join: JoinOut
    parameters: list[ParameterOut]


class StageOut(ResponseModel):
    """A stage of a project.

    `tasks` is exact once the stage has begun, and the most before. `batch` is the batch of the
    stage, whose results and reviews are at /batches. `after` is the stage whose results it needs.
    `spent_minor` includes `partners_minor`, which partners earned, `checks_minor`, which paid
    reviewers and auditors earned, and top-ups of pay below the floor.
    """

    name: str
    role: RoleOut
    state: StageStateOut
    after: str | None
    batch: str | None
    kind: TaskKindOut
    policy: str
    price_minor: int
    partner_price_minor: int
    tasks: int
    tasks_done: int
    tasks_review: int
    answers: int
    reserved_minor: int
    spent_minor: int
    partners_minor: int
    checks_minor: int
    background: Annotated[
        Background | None,
        Field(description="Long work on the stage, like storing its tasks; else null"),
    ]


class ProjectMoney(ResponseModel):
    """The money of a project.

    `spent_minor` is what all stages have cost so far, with reviews, audits and top-ups. Messages
    are not in it.
    """

    currency: str
    reserved_minor: int
    spent_minor: int


class ProjectOut(ResponseModel):
    """A project with the progress of its stages.

    `parts` is null until the file has come. `waits` says why a running project does not go on at
    the moment. It is tried again every minute.
    """

    id: str
    name: str
    recipe: str
    state: BatchStateOut
    price_minor: int
    partner_price_minor: int
    parameters: dict[str, Any]
    parts: int | None
    created_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    file_until: Annotated[
        datetime | None,
        Field(
            description="Fetch the result before: then the file is removed. Null: no time is set"
        ),
    ]
    waits: str | None
    money: ProjectMoney
    stages: list[StageOut]


class ProjectFileOut(ResponseModel):
    """The parts of a file that was taken, and the advice on the texts of its questions."""

    parts: int
    warned: int
    warnings: list[Warned]


class StageQuoteOut(ResponseModel):
    """The cost of one stage: the most tasks, and the most answers per task.

    `most_minor` includes what is set aside for top-ups, and `checks_minor` for the review and the
    audits of its results. `hourly_minor` is the expected pay of an
    hour of work, and `floor_minor` the living-wage floor, where the operator has set one.
    """

    name: str
    role: RoleOut
    price_minor: int
    partner_price_minor: int
    hourly_minor: int
    floor_minor: int | None
    below_floor: bool
    tasks_most: int
    answers_most: int
    most_minor: int
    checks_minor: int


class ChoiceOut(ResponseModel):
    """The choice between several answers and one answer that is checked, per task.

    `formula`: n answers at price p; v checks at price c; r is the share of first answers that
    should pass.
    """

    stage: str
    checked: bool
    because: str
    several_minor: float
    checked_minor: float
    formula: str


class ProjectQuoteOut(ResponseModel):
    """The quote of a project.

    `expected_minor` has all answers, also to known answers, and the reviews and one audit of each
    stage. `most_minor` is set aside at the start, and what is not needed comes back.
    `workers_needed` is the least number of different workers: no worker checks her own answer.
    """

    parts: int
    least_minor: int
    expected_minor: int
    most_minor: int
    available_minor: int
    enough: bool
    currency: str
    stages: list[StageQuoteOut]
    below_floor: Annotated[
        list[str], Field(description="The stages whose expected pay is below the living-wage floor")
    ]
    choices: list[ChoiceOut]
    workers: int
    workers_needed: int
    can_finish: bool
    answers_expected: int
    answers_most: int
    ready: ReadyOut
    warned: int
    warnings: list[Warned]
