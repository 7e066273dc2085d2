"""The settings of a coordinator's commands by SMS, since her caller id alone proves little."""

from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class Coordinators(Section):
    """The limits of one coordinator. See `gateway.conversation.people.enrolment`."""

    invitations_per_day: Annotated[int, Field(ge=1, le=10_000)] = 100
    """The invitations that one coordinator may send in 24 hours, with her PIN or without."""
    adds_without_pin: Annotated[int, Field(ge=0, le=10_000)] = 20
    """The number of these invitations that need no PIN behind the command (`ADD ... PIN 4821`)."""
    adds_per_sms_without_pin: Annotated[int, Field(ge=0, le=100)] = 5
    """The workers that one SMS may add without a PIN."""
    invitations_per_worker: Annotated[int, Field(ge=1, le=20)] = 3
    """The invitations that one number receives in 24 hours, from all coordinators together."""
