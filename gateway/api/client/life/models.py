"""The requests and the responses of changes to a batch during its life."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from gateway.api.contract.listed import (
    ChangeOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.responses import BatchOut
from gateway.api.strict import PriceInput, StrictModel, TimeInput
from gateway.base.bounds import ANSWERS_OF_TASK_MAX
from gateway.base.text.strings import Id, Line200
from gateway.steps.batches.life.change import MadeChange
from gateway.store.batches.life.changes import BatchChange

TASKS_NAMED_MAX = 10_000
More = Annotated[int, Field(ge=1, le=ANSWERS_OF_TASK_MAX)]
TaskIds = Annotated[
    list[Id],
    Field(
        min_length=1,
        max_length=TASKS_NAMED_MAX,
        description="Your ids of the tasks",
        examples=[["17", "18"]],
    ),
]


class CopyIn(StrictModel):
    """The parts that a copy takes over beside the settings of the batch."""

    name: Annotated[Line200 | None, Field(description="None: the name of the batch")] = None
    tasks: Annotated[bool, Field(description="Copy the tasks too, with their gold")] = False


class ExtendIn(StrictModel):
    """The extension of a running batch. At least one field is needed."""

    answers: Annotated[
        More | None, Field(description="Further answers for each task", examples=[2])
    ] = None
    maximum: Annotated[
        More | None,
        Field(description="The most answers of a task, for policies that stop early"),
    ] = None
    tasks: Annotated[
        Literal["undecided", "all"],
        Field(description="undecided: open tasks only. all: decided tasks are opened again, too"),
    ] = "undecided"
    deadline: Annotated[
        TimeInput | None, Field(description="A later deadline, or null for none")
    ] = None
    at_deadline: Literal["close", "pause"] | None = None


class ReopenIn(StrictModel):
    """The decided tasks that get more answers."""

    tasks: TaskIds
    answers: Annotated[More, Field(description="Further answers for each of them")] = 1


class CancelTasksIn(StrictModel):
    """The tasks of which no worker is asked any more."""

    tasks: TaskIds


class PriceIn(StrictModel):
    """The new price of an answer."""

    price: Annotated[
        PriceInput, Field(description="In major units, higher than before", examples=["6.00"])
    ]


class BatchChangeOut(ResponseModel):
    """A change of a batch.

    `by` is the beginning of the key that made it, or `gateway`. `cost_minor` was set aside for it,
    and a negative amount came back.
    """

    id: int
    at: datetime
    by: str
    what: ChangeOut
    before: dict[str, Any]
    after: dict[str, Any]
    cost_minor: int

    @classmethod
    def of(cls, change: BatchChange) -> Self:
        """Return a change as clients see it."""
        return cls(
            id=change.id,
            at=change.at,
            by=change.actor,
            what=change.what,
            before=change.before,
            after=change.after,
            cost_minor=change.cost_minor,
        )


class HistoryOut(ResponseModel):
    """A page of a batch's history, oldest first. `next` is null on the last page."""

    changes: list[BatchChangeOut]
    next: int | None
    total: int


class ChangedOut(ResponseModel):
    """The effect of a change, or of a change that is only tried with `dry_run`.

    `enough` says whether your free money suffices. `batch` shows the batch as it is now.
    """

    dry_run: bool
    change: BatchChangeOut
    available_minor: Annotated[int, Field(description="Your free money before the change")]
    enough: bool
    currency: str
    batch: BatchOut

    @classmethod
    def of(cls, outcome: MadeChange, batch: BatchOut) -> Self:
        """Return the outcome of a change as clients see it."""
        return cls(
            dry_run=outcome.dry_run,
            change=BatchChangeOut.of(outcome.change),
            available_minor=outcome.available_minor,
            enough=outcome.enough,
            currency=outcome.currency,
            batch=batch,
        )
