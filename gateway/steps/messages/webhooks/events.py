"""The types of event that a client's webhook can receive, and the form of their messages."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson


class EventType(StrEnum):
    """The types of event."""

    BATCH_STARTED = "batch.started"
    BATCH_PAUSED = "batch.paused"
    BATCH_PROGRESS = "batch.progress"
    BATCH_AUDIT = "batch.audit"
    BATCH_DONE = "batch.done"
    BATCH_CANCELLED = "batch.cancelled"
    TASK_DECIDED = "task.decided"
    TASK_REVIEW = "task.review"
    PROJECT_DONE = "project.done"
    PROJECT_FAILED = "project.failed"
    PROJECT_CANCELLED = "project.cancelled"
    MONEY_LOW = "money.low"
    IMPORT_FINISHED = "import.finished"
    IMPORT_FAILED = "import.failed"
    EXPORT_READY = "export.ready"
    EXPORT_FAILED = "export.failed"


TEST = "webhook.test"
"""The type of the message that a client asks for to try a webhook."""
OF_TASKS = frozenset({EventType.TASK_DECIDED, EventType.TASK_REVIEW})
"""The events of single tasks. Many of one batch are one message."""
TASKS_MAX = 100
"""The largest number of tasks in one message."""
PROGRESS = (25, 50, 75, 90)
"""The parts of a batch's answers, in per cent, at which its client is told."""


def message_body(kind: str, at: datetime, data: Mapping[str, Any], *, test: bool = False) -> str:
    """Return the body of a message: its type, the time of the event and the data.

    A message of a test gateway says `"test": true`.

    >>> from datetime import UTC
    >>> message_body("batch.done", datetime(2026, 11, 30, 12, tzinfo=UTC), {"batch": "b_1"})
    '{"type":"batch.done","timestamp":"2026-11-30T12:00:00Z","data":{"batch":"b_1"}}'
    """
    told = {"type": kind, "timestamp": at, "data": data} | ({"test": True} if test else {})
    return orjson.dumps(told, option=orjson.OPT_UTC_Z).decode()


def progress_reached(answers: int, wanted: int) -> int:
    """Return the largest of `PROGRESS` that has been reached, or 0.

    >>> [progress_reached(n, 10) for n in (0, 2, 3, 5, 9, 10)]
    [0, 0, 25, 50, 90, 90]
    """
    reached = [percent for percent in PROGRESS if wanted and answers * 100 >= percent * wanted]
    return max(reached, default=0)
