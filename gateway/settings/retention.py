"""The settings of how long personal and bulky data is kept."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.settings.section import Section

LEAST_DAYS = 35
"""A repetition is known for 30 days by what is kept; nothing may leave before."""


def _long_enough(days: int) -> int:
    if 0 < days < LEAST_DAYS:
        raise ValueError(
            f"at least {LEAST_DAYS} days, or 0 to keep all: repetitions are known by what is kept"
        )
    return days


Days = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_long_enough)]


class Retention(Section):
    """How long sessions and messages are kept; `gateway archive` takes out what is older, month by month."""

    sessions_days: Days = 90
    """Days for which USSD sessions are kept, with all that was typed in them; 0: for good."""
    messages_days: Days = 180
    """Days for which events of the inbox and messages of the outbox are kept; 0: for good."""
    folder: Path | None = None
    """Where archived months are written; by default `archive` in the data folder."""

    @property
    def days(self) -> dict[str, int]:
        """The days for which each table's rows are kept."""
        return {
            "inbox": self.messages_days,
            "outbox": self.messages_days,
            "ussd_session": self.sessions_days,
        }
