"""The port of an export format.

Each format is one file in `formats`, whose name is the format's name in the API, such as `csv`. The
module itself fulfils `ExportFormat`. To add a format, add a file with the five names of that
protocol: nothing else is edited, and `tests/tasks/exports/test_every_format.py` runs over it.

A format is pure. It receives the batch once and then row after row, and returns bytes. It keeps no
row, because a file may have millions of them. The caller writes the bytes to a file, in a runner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gateway.tasks.question import Field, Option


class Content(StrEnum):
    """The content of an export."""

    RESULTS = "results"
    ANSWERS = "answers"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class ExportedBatch:
    """The batch of an export, and the columns of its rows."""

    id: str
    name: str
    kind: str
    instructions: str
    content: Content
    columns: Sequence[str]
    """The gateway's own columns of `ExportRow.told`, in order."""
    options: Sequence[Option] = ()
    """The options of a choice; empty where an answer is typed."""
    fields: Sequence[Field] = ()
    """The fields of a record; empty for other kinds."""
    own: Sequence[str] = ()
    """The names of the client's own columns, in order. Their cells are in `told["columns"]`."""
    method: str = ""
    """The rule that makes results of answers, such as `auto`."""
    created_at: datetime | None = None
    """The time at which the export was ordered."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One row of an export."""

    told: Mapping[str, Any]
    """The row as the API shows it: an object of `GET .../results` or of `GET .../answers`, or a
    line of the proof.
    """
    text: str = ""
    """The question."""
    gold: str | None = None
    """The known truth of a gold task, else None."""
    answers: Sequence[Mapping[str, Any]] = field(default_factory=tuple[Mapping[str, Any], ...])
    """All answers to the task, as `GET .../answers` shows them, of a format with `WHOLE_TASKS`."""
    gold_reason: str | None = None
    """The reason why the truth is right, where the client gave one."""


class ExportWriter(Protocol):
    """The writer of one file. It returns the bytes that follow in the file, which may be none."""

    def header(self) -> bytes:
        """Return the beginning of the file. It is called once, before the first row."""
        ...

    def row(self, row: ExportRow) -> bytes:
        """Return the bytes of the next row."""
        ...

    def end(self) -> bytes:
        """Return the end of the file. It is called once, after the last row."""
        ...


class ExportFormat(Protocol):
    """An export format: a module in `formats`."""

    MEDIA_TYPE: str
    """The `Content-Type` of the file."""

    SUFFIX: str
    """The end of the file's name, such as `.csv`."""

    CONTENTS: frozenset[Content]
    """The contents that the format can hold. An export of any other content is refused."""

    WHOLE_TASKS: bool
    """True where the rows are tasks, gold tasks too, each with its result in `told` and with its
    `answers`, for every content. False where they are results (without gold tasks), answers, or
    lines of the proof.
    """

    @staticmethod
    def open_writer(batch: ExportedBatch, *, raw: bool) -> ExportWriter:
        """Return a writer of one file about this batch.

        A cell that a spreadsheet would execute is protected (`gateway.base.tabular`), where the
        format is one for spreadsheets. `raw` writes it unchanged, for programs.
        """
        ...
