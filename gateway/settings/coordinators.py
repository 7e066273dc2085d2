"""The settings of what a coordinator may do by SMS: her caller id alone is not much of a proof."""

from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class Coordinators(Section):
    """Limits of one coordinator; see `gateway.conversation.enrolling`."""

    invitations_per_day: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Invitations that one coordinator may send in 24 hours, with her PIN or without."""
    adds_without_pin: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Of these, so many without a PIN behind the command (`ADD ... PIN 4821`)."""
    adds_per_sms_without_pin: Annotated[int, Field(ge=0, le=100)] = 5
    """Workers that one SMS may add without a PIN."""
    invitations_per_worker: Annotated[int, Field(ge=1, le=20)] = 3
    """Invitations that one number gets in 24 hours, whoever sends them."""
