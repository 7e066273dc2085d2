"""Appen: the aggregated report for results, and the full report with one row per answer.

Columns that would tell where a worker lives (`_ip`, `_city`, `_region`, `_country`) are never
written. Neither is `_trust`: the gateway shows the accuracy of a worker elsewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.base.tabular import CsvWriter
from gateway.tasks.exports.answer_parts import answer_names, answer_parts, confidences, own_names
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.exports.table_form import cell

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
SUFFIX: Final = ".csv"
CONTENTS: Final = frozenset({Content.RESULTS, Content.ANSWERS})
WHOLE_TASKS: Final = True
_AGGREGATED = ("_unit_id", "_golden", "_unit_state", "_trusted_judgments", "_last_judgment_at")
_FULL = (
    "_unit_id", "_created_at", "_golden", "_id", "_missed", "_started_at", "_tainted", "_channel",
    "_worker_id",
)  # fmt: skip
# Columns of the client's own that would look like Appen's, and tell of persons.
_NEVER = frozenset({"_ip", "_city", "_region", "_country"})


class _Report:
    def __init__(self, batch: ExportedBatch, *, raw: bool) -> None:
        self._batch = batch
        self._writer = CsvWriter(raw=raw)
        self._names = answer_names(batch)
        self._is_results = batch.content is Content.RESULTS
        answers = [
            column
            for name in self._names
            for column in ((name, f"{name}:confidence") if self._is_results else (name,))
        ]
        self._first = [*(_AGGREGATED if self._is_results else _FULL), *answers, "text"]
        # The gateway keeps one reason of a gold task, so a record has it beside its first field.
        self._reason = f"{self._names[0]}_gold_reason"
        self._golds = [*(f"{name}_gold" for name in self._names), self._reason]
        own = own_names(batch, [*self._first, *self._golds])
        kept = _NEVER | {self._reason.casefold()}
        self._own = {one: name for one, name in own.items() if one.casefold() not in kept}
        # A reason without gold came as a column of the client's own.
        same = (one for one in own if one.casefold() == self._reason.casefold())
        self._own_reason = next(same, None)

    def header(self) -> bytes:
        return self._writer.row([*self._first, *self._own.values(), *self._golds]).encode()

    def row(self, row: ExportRow) -> bytes:
        own: Mapping[str, Any] = row.told.get("columns") or {}
        truth = answer_parts(self._batch, row.gold)
        last = [
            row.text,
            *(cell(own.get(name)) for name in self._own),
            *(truth.get(name) for name in self._names),
            row.gold_reason or (cell(own.get(self._own_reason)) if self._own_reason else None),
        ]
        rows = [self._unit(row)] if self._is_results else (self._judgment(row, one) for one in row.answers)  # fmt: skip
        return b"".join(self._writer.row([*one, *last]).encode() for one in rows)

    def end(self) -> bytes:
        return b""

    def _unit(self, row: ExportRow) -> Sequence[object]:
        told = row.told
        value, sure = answer_parts(self._batch, told.get("value")), confidences(self._batch, told)
        last = max((one["answered_at"] for one in row.answers), default=None)
        is_decided = told.get("state") == "decided"
        return [
            told["task"],
            cell(row.gold is not None),
            "golden" if row.gold is not None else "finalized" if is_decided else "judging",
            sum(bool(one["counted"]) for one in row.answers),
            _appen_time(last),
            *(part for name in self._names for part in (value.get(name), sure.get(name))),
        ]

    def _judgment(self, row: ExportRow, told: Mapping[str, Any]) -> Sequence[object]:
        value = answer_parts(self._batch, told["value"])
        return [
            row.told["task"],
            _appen_time(told["answered_at"]),
            cell(row.gold is not None),
            f"{row.told['task']}.{told['answer']}",
            cell(told["right"] is False),
            _appen_time(told["asked_at"]),
            cell(not told["counted"]),
            told["channel"],
            told["worker"],
            *(value.get(name) for name in self._names),
        ]


def _appen_time(written: str | None) -> str | None:
    """Return a time as Appen writes it: month, day and year.

    >>> _appen_time("2026-11-30T01:00:00.5+00:00")
    '11/30/2026 01:00:00'
    """
    return datetime.fromisoformat(written).strftime("%m/%d/%Y %H:%M:%S") if written else None


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Report:
    """Return a writer of Appen's reports."""
    return _Report(batch, raw=raw)
