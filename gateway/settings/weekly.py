"""The settings of the weekly message to each worker about her answers and her money."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.settings.section import Section


class Weekly(Section):
    """The rules of the weekly message. See `gateway.steps.messages.weekly`."""

    on: bool = True
    """Send it. A worker may also switch it off for herself."""
    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = (
        "monday"
    )
    """The day on which it is sent. It is about the seven days before."""
    hour: Annotated[int, Field(ge=0, le=23)] = 10
    """The hour of the worker's own day from which it is sent, outside her quiet hours."""
