"""A batch of typed answers, normalised and sorted, with the distances inside every task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from gateway.qa.port import Floats
from gateway.qa.typed.normalise import EXACT, normalise

ERROR_PRIOR = 6.0  # The number of imaginary wrong characters of every worker.
LENGTH_PRIOR = 60.0  # The number of imaginary typed characters that contain them.
ERROR_SOFTENER = 0.03  # It keeps a worker without a single error from overruling all others.
TRUST = 1.0 / (ERROR_PRIOR / LENGTH_PRIOR + ERROR_SOFTENER)  # The trust in an unknown worker.


@dataclass(frozen=True, slots=True, eq=False)
class TypedTask:
    """The answers to one task as parallel columns, sorted by normalised text.

    `distances[i, j]` is the share of characters to change between texts `i` and `j`, 0..1.
    """

    name: str
    raw: tuple[str, ...]
    texts: tuple[str, ...]
    workers: tuple[str, ...]
    distances: Floats


def group_answers(rows: Iterable[Sequence[str]], language: str = "") -> list[TypedTask]:
    """Group (task, worker, answer) rows into tasks, sorted by name."""
    by_task: dict[str, list[tuple[str, str, str]]] = {}
    for task, worker, answer in rows:
        by_task.setdefault(task, []).append((normalise(answer, language), answer, worker))
    return [_typed(name, sorted(by_task[name])) for name in sorted(by_task)]


def trusts(tasks: Sequence[TypedTask], consensus: Mapping[str, str]) -> dict[str, float]:
    """Return the weight of every worker: about one over the share of characters they get wrong."""
    wrong: dict[str, float] = {}
    typed: dict[str, float] = {}
    for task in tasks:
        believed = consensus[task.name]
        for text, worker in zip(task.texts, task.workers, strict=True):
            wrong[worker] = wrong.get(worker, ERROR_PRIOR) + Levenshtein.distance(text, believed)
            length = max(len(text), len(believed))
            typed[worker] = typed.get(worker, LENGTH_PRIOR) + length
    return {worker: 1.0 / (wrong[worker] / typed[worker] + ERROR_SOFTENER) for worker in wrong}


def _typed(name: str, answers: Sequence[tuple[str, str, str]]) -> TypedTask:
    texts, raw, workers = zip(*answers, strict=True)
    distances = cdist(texts, texts, scorer=Levenshtein.normalized_distance, dtype=np.float64)
    if texts[0].startswith(EXACT):  # A different value is wholly different.
        distances = np.ceil(distances)
    return TypedTask(name, raw, texts, workers, distances)
