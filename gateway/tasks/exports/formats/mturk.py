"""Mechanical Turk: the file of a batch's results, with one row per assignment and all cells quoted.

Answers are the assignments of their tasks. Results have one assignment per task, by the worker
`gateway`: programs that read such files then find the decision as the only answer. A task without
an answer or a decision is a row whose assignment is empty, so that no task is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.answer_parts import answer_names, answer_parts
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.exports.table_form import cell
from gateway.tasks.shapes.mturk import ANSWER, GOLD, GOLD_REASON, INPUT

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
SUFFIX: Final = ".csv"
CONTENTS: Final = frozenset({Content.RESULTS, Content.ANSWERS})
WHOLE_TASKS: Final = True
_HIT = (
    "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime",
    "MaxAssignments", "RequesterAnnotation", "AssignmentDurationInSeconds",
    "AutoApprovalDelayInSeconds", "Expiration", "NumberOfSimilarHITs", "LifetimeInSeconds",
)  # fmt: skip
_ASSIGNMENT = (
    "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "SubmitTime", "AutoApprovalTime",
    "ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds",
    "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate",
)  # fmt: skip
_REVIEW = ("Approve", "Reject")
_GATEWAY = "gateway"
"""The worker of a result's row. Workers have pseudonyms of another form."""
# A month and a day have English names in such a file, whatever the language of the machine is.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Assignments:
    def __init__(self, batch: ExportedBatch, *, raw: bool) -> None:
        self._batch = batch
        self._writer = CsvWriter(raw=raw, quote_all=True)
        self._names = answer_names(batch)
        self._golds = [f"{GOLD}.{name}" for name in self._names] if batch.fields else [GOLD]
        self._own = _inputs(batch.own, (f"{INPUT}text", *self._golds, GOLD_REASON))
        self._empty = [None] * (len(_ASSIGNMENT) + len(self._names))

    def header(self) -> bytes:
        inputs = [f"{INPUT}text", *self._own.values(), *self._golds, GOLD_REASON]
        answers = [f"{ANSWER}{name}" for name in self._names]
        return self._writer.row([*_HIT, *_ASSIGNMENT, *inputs, *answers, *_REVIEW]).encode()

    def row(self, row: ExportRow) -> bytes:
        own: Mapping[str, Any] = row.told.get("columns") or {}
        truth = answer_parts(self._batch, row.gold)
        inputs = [row.text, *(cell(own.get(name)) for name in self._own)]
        inputs += [*(truth.get(name) for name in self._names), row.gold_reason]
        made = (
            self._decision(row.told)
            if self._batch.content is Content.RESULTS
            else [self._answer(row.told["task"], one) for one in row.answers]
        )
        hit = self._hit(row)
        cut = len(_ASSIGNMENT)
        return b"".join(
            self._writer.row([*hit, *one[:cut], *inputs, *one[cut:], None, None]).encode()
            for one in made or [self._empty]
        )

    def end(self) -> bytes:
        return b""

    def _hit(self, row: ExportRow) -> Sequence[object]:
        about = self._batch
        prices = [f"{one['currency']} {one['price']}" for one in row.answers if one.get("price")]
        reward = prices[0] if prices else None
        marked = f"BatchId:{about.id};"
        shown = [about.id, about.name, about.instructions, None, reward, None, None, marked]
        return [row.told["task"], *shown, *([None] * (len(_HIT) - len(shown) - 1))]

    def _decision(self, told: Mapping[str, Any]) -> list[Sequence[object]]:
        value = answer_parts(self._batch, told.get("value"))
        if not value:
            return []
        decided = _turk_time(told.get("decided_at"))
        name = f"{self._batch.id}.{told['task']}"
        return [self._assignment([name, _GATEWAY, "Approved", None, decided], None, value)]

    def _answer(self, task: str, told: Mapping[str, Any]) -> Sequence[object]:
        name = f"{self._batch.id}.{task}.{told['answer']}"
        status = "Approved" if told["counted"] else "Rejected"
        times = [_turk_time(told["asked_at"]), _turk_time(told["answered_at"])]
        value = answer_parts(self._batch, told["value"])
        return self._assignment(
            [name, told["worker"], status, *times], round(told["lead_time_s"]), value
        )

    def _assignment(
        self, first: Sequence[object], seconds: int | None, value: Mapping[str, str]
    ) -> Sequence[object]:
        at = _ASSIGNMENT.index("WorkTimeInSeconds")
        cells: list[object] = [*first, *([None] * (len(_ASSIGNMENT) - len(first)))]
        cells[at] = seconds
        return [*cells, *(value.get(name) for name in self._names)]


def _inputs(own: Sequence[str], ours: Sequence[str]) -> dict[str, str]:
    """Return the client's own columns, and the name of each as a variable of the question.

    >>> _inputs(["ward", "Input.row", "text"], ["Input.text"])
    {'ward': 'Input.ward', 'Input.row': 'Input.row', 'text': 'Input.columns.text'}
    """
    taken, found = {name.casefold() for name in ours}, dict[str, str]()
    for one in own:
        name = one if one.startswith(INPUT) else f"{INPUT}{one}"
        while name.casefold() in taken:
            name = f"{INPUT}columns.{name.removeprefix(INPUT)}"
        taken.add(name.casefold())
        found[one] = name
    return found


def _turk_time(written: str | None) -> str | None:
    """Return a time as Mechanical Turk writes it.

    >>> _turk_time("2026-11-30T03:00:00.5+02:00")
    'Mon Nov 30 01:00:00 UTC 2026'
    """
    if not written:
        return None
    at = datetime.fromisoformat(written).astimezone(UTC)
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} UTC {at.year}"


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Assignments:
    """Return a writer of results as Mechanical Turk gave them."""
    return _Assignments(batch, raw=raw)
