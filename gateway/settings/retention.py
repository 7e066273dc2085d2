"""The settings of the time for which personal and bulky data are kept."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.settings.section import Section

LEAST_DAYS = 35
"""The least number of days. The stored rows reveal a repeated event for 30 days, so none may leave
before.
"""


def _long_enough(days: int) -> int:
    if 0 < days < LEAST_DAYS:
        raise ValueError(
            f"at least {LEAST_DAYS} days, or 0 to keep all: the stored rows reveal repeated events"
        )
    return days


Days = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_long_enough)]


class Retention(Section):
    """The time for which sessions, messages and the files of projects are kept.

    `gateway archive` takes out older sessions and messages, month by month. Files of projects are
    removed by the ticker's job `sweep`.
    """

    sessions_days: Days = 90
    """The days for which USSD sessions are kept, with all inputs; 0 keeps them for good."""
    messages_days: Days = 180
    """The days for which events of the inbox and messages of the outbox are kept; 0 keeps them for
    good.
    """
    project_files_days: Days = 365
    """The days for which the file of a project is kept after its end; 0 keeps it for good.

    The file of a draft is kept as long after the draft was made.
    """
    folder: Path | None = None
    """The folder of archived months. The default is `archive` in the data folder."""

    @property
    def days(self) -> dict[str, int]:
        """Return the number of days for which each table's rows are kept."""
        return {
            "inbox": self.messages_days,
            "outbox": self.messages_days,
            "ussd_session": self.sessions_days,
        }
