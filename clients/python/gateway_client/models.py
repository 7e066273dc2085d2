"""The answers of the gateway, as far as this client reads them.

A field that a newer gateway adds is left out, and `columns` holds the caller's own columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES: Final = {
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".xlsx": _XLSX,
    ".jsonl": "application/jsonl",
}


def media_type(path: Path) -> str:
    """Return the media type of a file of tasks, by the end of its name."""
    return _TYPES.get(path.suffix.lower(), "application/json")


@dataclass(frozen=True, slots=True)
class _Read:
    """An answer of the gateway, read by the names of its fields."""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Return the answer in a JSON object. Raises KeyError for one of another form."""
        return cls(**{one.name: said[one.name] for one in fields(cls)})


@dataclass(frozen=True, slots=True)
class Quote(_Read):
    """The cost of a batch before it starts, in minor units of `currency`, messages apart."""

    tasks: int
    least_minor: int
    most_minor: int
    available_minor: int
    enough: bool
    currency: str
    workers: int
    can_finish: bool
    why_not: str | None
    """The reason why the batch cannot finish at present."""
    expected_minor: int
    answers_expected: int
    ready: dict[str, Any]
    """The finishing time: `earliest`, `likely`, `latest` (each may be None) and the `reason`."""
    gold: dict[str, Any]
    """The gold: `there`, `advised`, `more`, and the reason in `why`."""
    promise: dict[str, Any] | None
    """The promised accuracy: `can_promise`, `reason`, `helps`, `predicted` and more.

    It is None where the batch has a policy instead of an `accuracy`.
    """


@dataclass(frozen=True, slots=True)
class Progress(_Read):
    """How far a batch has come."""

    tasks: int
    tasks_done: int
    tasks_review: int
    answers: int
    answers_wanted: int
    percent: float


@dataclass(frozen=True, slots=True)
class Result(_Read):
    """The result of one task."""

    task: str
    state: str
    """`open`, `decided`, `review`, `ambiguous` or `cancelled`."""
    value: str | None
    confidence: float | None
    confidence_checked: bool | None
    """True if gold has checked how often such a confidence is right; None where there is none."""
    answers: int
    tied: bool
    counts: dict[str, int]
    """The number of answers per value."""
    columns: dict[str, Any]
    """The caller's own columns."""


@dataclass(frozen=True, slots=True)
class Answer(_Read):
    """One answer of one worker."""

    task: str
    answer: int
    worker: str
    """The id under which this client knows the worker. Another client knows another id."""
    channel: str
    said: str
    value: str
    asked_at: str
    answered_at: str
    lead_time_s: float
    counted: bool
    gold: bool
    right: bool | None
    price: str
    currency: str
    columns: dict[str, Any]
