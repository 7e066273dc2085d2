"""Toloka: tab-separated rows, one per task with its result, or one per answer.

Results have the columns of an aggregation (`OUTPUT:` and `CONFIDENCE:` in per cent). Answers have
the columns of a pool's assignments. Gold tasks stand in both with their `GOLDEN:`, and its reason
is in `HINT:text`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.answer_parts import answer_names, answer_parts, confidences, own_names
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.exports.table_form import cell

MEDIA_TYPE: Final = "text/tab-separated-values; charset=utf-8"
SUFFIX: Final = ".tsv"
CONTENTS: Final = frozenset({Content.RESULTS, Content.ANSWERS})
WHOLE_TASKS: Final = True
_TASK = ("INPUT:id", "INPUT:text")
_HINT: Final = "HINT:text"
_ASSIGNMENT = ("assignment_id", "worker_id", "started", "submitted", "status")


class _Pool:
    def __init__(self, batch: ExportedBatch, *, raw: bool) -> None:
        self._batch = batch
        self._writer = CsvWriter(raw=raw, delimiter="\t")
        self._names = answer_names(batch)
        self._is_results = batch.content is Content.RESULTS
        outputs = [f"OUTPUT:{name}" for name in self._names]
        if self._is_results:
            outputs += [f"CONFIDENCE:{name}" for name in self._names]
        else:
            outputs += [f"ASSIGNMENT:{name}" for name in _ASSIGNMENT]
        self._last = [*outputs, *(f"GOLDEN:{name}" for name in self._names), _HINT]
        self._own = own_names(batch, [*_TASK, *self._last])
        # A hint of a task that is no gold came as a column of the client's own.
        self._hint = next((one for one in self._own if one.casefold() == _HINT.casefold()), None)
        if self._hint is not None:
            del self._own[self._hint]

    def header(self) -> bytes:
        return self._writer.row([*_TASK, *self._own.values(), *self._last]).encode()

    def row(self, row: ExportRow) -> bytes:
        own: Mapping[str, Any] = row.told.get("columns") or {}
        task = [row.told["task"], row.text, *(cell(own.get(name)) for name in self._own)]
        truth = answer_parts(self._batch, row.gold)
        hint = row.gold_reason or (cell(own.get(self._hint)) if self._hint else None)
        golden = [*(truth.get(name) for name in self._names), hint]
        name = row.told["task"]
        rows = (
            [self._result(row.told)]
            if self._is_results
            else (self._answer(name, one) for one in row.answers)
        )
        return b"".join(self._writer.row([*task, *one, *golden]).encode() for one in rows)

    def end(self) -> bytes:
        return b""

    def _result(self, told: Mapping[str, Any]) -> Sequence[object]:
        value, sure = answer_parts(self._batch, told.get("value")), confidences(self._batch, told)
        shares = [f"{100.0 * sure[name]:.2f}%" if name in sure and name in value else None for name in self._names]  # fmt: skip
        return [*(value.get(name) for name in self._names), *shares]

    def _answer(self, task: str, told: Mapping[str, Any]) -> Sequence[object]:
        value = answer_parts(self._batch, told["value"])
        return [
            *(value.get(name) for name in self._names),
            f"{self._batch.id}.{task}.{told['answer']}",
            told["worker"],
            told["asked_at"],
            told["answered_at"],
            "APPROVED" if told["counted"] else "REJECTED",
        ]


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Pool:
    """Return a writer of Toloka's tables."""
    return _Pool(batch, raw=raw)
