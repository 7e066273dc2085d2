"""The settings of a worker's change of number."""

from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class Moves(Section):
    """The rules for a worker's change of number.

    See `gateway.conversation.people.number_change`.
    """

    hold_h: Annotated[int, Field(ge=1, le=720)] = 48
    """The hours after a change in which her payouts wait and her old number may object."""
    answer_h: Annotated[int, Field(ge=1, le=720)] = 72
    """The hours in which the new number must say YES."""
    requests_per_day: Annotated[int, Field(ge=1, le=100)] = 3
    """The changes that one worker may ask for in 24 hours."""
    decide_h: Annotated[int, Field(ge=1, le=2160)] = 168
    """The hours in which two persons must decide about a change that a coordinator asked for."""
