"""The settings of appeals: how long a person has to decide one, and which a worker may make."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.settings.section import Section


class Appeals(Section):
    """The rules of appeals. See `gateway.steps.people.appeals`."""

    days: Annotated[int, Field(ge=1, le=90)] = 7
    """The days in which the first person decides. Then another person has as many."""
    remind_days: Annotated[int, Field(ge=0, le=89)] = 2
    """The days before the deadline on which that person is reminded; 0 for no reminder."""
    within_days: Annotated[int, Field(ge=1, le=366)] = 30
    """The days after an answer in which its worker may appeal."""
    waiting_most: Annotated[int, Field(ge=1, le=100)] = 5
    """The appeals of one worker that may wait at the same time."""

    @model_validator(mode="after")
    def _reminder_is_before_the_deadline(self) -> Self:
        if self.remind_days >= self.days:
            raise ValueError(
                f"remind_days is {self.remind_days}: it must be less than days, which is {self.days}"
            )
        return self
