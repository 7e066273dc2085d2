"""Label Studio: a JSON list of tasks with every answer, our decision and the gold.

Each answer is an annotation by a worker, who is a number that only this client meets. Our decision
is a prediction with its confidence as the score. The truth of a gold task is an annotation with
`ground_truth`, and its reason is `gold_reason` in the data.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.tasks.exports.answer_parts import LABEL, answer_parts, own_names
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow
from gateway.tasks.shapes.labelstudio import REASON
from gateway.tasks.shaping.model_guess import OURS

MEDIA_TYPE: Final = "application/json"
SUFFIX: Final = ".json"
CONTENTS: Final = frozenset({Content.RESULTS, Content.ANSWERS})
WHOLE_TASKS: Final = True
_QUESTION = "text"


class _Tasks:
    def __init__(self, batch: ExportedBatch) -> None:
        self._batch = batch
        self._own = own_names(batch, ("id", _QUESTION, REASON))
        self._number = 0
        self._annotation = 0

    def header(self) -> bytes:
        return b"["

    def row(self, row: ExportRow) -> bytes:
        self._number += 1
        own: Mapping[str, Any] = row.told.get("columns") or {}
        data = {"id": row.told["task"], _QUESTION: row.text}
        data |= {name: own[one] for one, name in self._own.items() if own.get(one) is not None}
        if row.gold_reason:
            data[REASON] = row.gold_reason
        truth = [self._annotation_of(row.gold, ground_truth=True)] if row.gold else []
        task = {
            "id": self._number,
            "data": data,
            "annotations": [*truth, *map(self._answer, row.answers)],
            "predictions": self._decision(row.told),
        }
        return (b"," if self._number > 1 else b"") + b"\n" + orjson.dumps(task)

    def end(self) -> bytes:
        return b"\n]\n"

    def _answer(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **self._annotation_of(told["value"], ground_truth=False),
            "completed_by": worker_number(told["worker"]),
            "lead_time": told["lead_time_s"],
            "was_cancelled": not told["counted"],
            "created_at": told["answered_at"],
            "updated_at": told["answered_at"],
        }

    def _annotation_of(self, value: object, *, ground_truth: bool) -> dict[str, Any]:
        self._annotation += 1
        results = self._results(value)
        return {
            "id": self._annotation,
            "task": self._number,
            "ground_truth": ground_truth,
            "was_cancelled": False,
            "result_count": len(results),
            "result": results,
        }

    def _decision(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        results = self._results(told.get("value"))
        if not results:
            return []
        method = told.get("rule") or self._batch.method
        return [
            {
                "model_version": f"{OURS}{method}",
                "score": told.get("confidence"),
                "result": results,
            }
        ]

    def _results(self, value: object) -> list[dict[str, Any]]:
        """Return the regions of an annotation: one per part of the answer."""
        return [
            {"from_name": name, "to_name": _QUESTION, **self._region(name, said)}
            for name, said in answer_parts(self._batch, value).items()
        ]

    def _region(self, name: str, said: str) -> dict[str, Any]:
        is_choice = name == LABEL and bool(self._batch.options)
        is_choice = is_choice or any(one.name == name and one.options for one in self._batch.fields)
        if is_choice:
            return {"type": "choices", "value": {"choices": [said]}}
        return {"type": "textarea", "value": {"text": [said]}}


def worker_number(pseudonym: str) -> int:
    """Return the number by which Label Studio knows a worker, from the id that the client knows.

    It fits into the 31 bits of an id of Label Studio.

    >>> worker_number("w_rrszoqcmqhgc3xrnpxjeindaxa")
    1337443088
    """
    digest = hashlib.sha256(pseudonym.encode()).digest()
    return max(1, int.from_bytes(digest[:4]) >> 1)


def open_writer(batch: ExportedBatch, *, raw: bool) -> _Tasks:
    """Return a writer of tasks for Label Studio."""
    del raw  # No spreadsheet reads JSON.
    return _Tasks(batch)
