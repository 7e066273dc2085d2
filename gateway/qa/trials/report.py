"""The figures behind `gateway qa aggregate`: the results, their confidence and their accuracy.

All rates are fractions of 1, and None where there is no truth to measure them with. Tasks given as
gold are left out of them, because their answer was known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from gateway.base.errors import Refused
from gateway.qa import batch
from gateway.qa.answers import typed as typed_answers
from gateway.qa.confidence.calibration_error import (
    debiased_calibration_error,
    expected_calibration_error,
)
from gateway.qa.confidence.certificate import Certificate, TooLittleGold
from gateway.qa.judging.ties import tied
from gateway.qa.port import OPTIONS_MAX, encode
from gateway.qa.rows import Answer
from gateway.qa.text.aggregate import aggregate as aggregate_text
from gateway.qa.text.score import exact_match, word_error_rate
from gateway.qa.typed.near import says_same

Rows = Sequence[Answer]
Truths = Mapping[str, str]
TRANSCRIPTION = "transcription"
_Found = tuple[dict[str, object], list[tuple[str, str, float, int]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The figures and results of an aggregation.

    `figures` are machine-readable. Their `confidence_checked` is false while no gold has checked
    the confidences. `results` has a (task, value, confidence, answers) row per task. `tied` are the
    tied tasks. `language` is the tag by which typed values are compared.
    """

    figures: dict[str, object]
    results: list[tuple[str, str, float, int]]
    tied: tuple[str, ...] = ()
    language: str = ""


def guessed_kind(rows: Rows) -> str:
    """Return the kind that the answers suggest.

    Free text has more different answers than a question can have options.
    """
    return TRANSCRIPTION if len({row[2] for row in rows}) > OPTIONS_MAX else "categorisation"


def report(
    rows: Rows, kind: str, method: str, truths: Truths, gold: Truths, language: str = ""
) -> QualityReport:
    """Aggregate (task, worker, answer) rows.

    See the module for the figures. Typed answers are compared as `language` says
    (`gateway.qa.typed.normalise.tag`). Raises Refused for an unknown method, and when truths were
    given but fit none of the tasks.
    """
    if kind == TRANSCRIPTION:
        figures, results, ties = _texts(rows, method, truths, gold, language)
    else:
        figures, results, ties = _options(rows, method, truths, gold)
    common: dict[str, object] = {
        "kind": kind,
        "tasks": len(results),
        "workers": len({row[1] for row in rows}),
        "answers": len(rows),
        "repeated": _repeated(rows),
        "gold": sum(row[0] in gold for row in results),
        "scored": sum(_scored(row[0], truths, gold) for row in results),
    }
    if truths and not common["scored"]:
        raise Refused(
            "no task has answers and a truth (gold aside): do the two files belong together?"
        )
    told: dict[str, object] = {"ties": len(ties), "tied": list(ties)}
    return QualityReport({**common, **figures, **told}, results, ties, language)


def _options(rows: Rows, method: str, truths: Truths, gold: Truths) -> _Found:
    answers = encode(rows)
    found = batch.aggregate(answers, method, gold)
    results = _results(answers.tasks, found.estimate.value, found.confidence.tolist(), rows)
    scored = [(v == truths[t], c) for t, v, c, _ in results if _scored(t, truths, gold)]
    figures: dict[str, object] = {
        "method": method,
        "accuracy": sum(right for right, _ in scored) / len(scored) if scored else None,
        **_calibration_errors(scored),
        "temperature": found.calibration.temperature,
        "lapse": found.calibration.lapse,
        "confidence_checked": found.checked,
        "certificate": _plain(found.certificate),
    }
    return figures, results, found.tied


def _texts(rows: Rows, method: str, truths: Truths, gold: Truths, language: str) -> _Found:
    found = aggregate_text(rows, gold, method=method, language=language)
    results = _results(found.tasks, found.value, found.confidence, rows)
    values = {task: value for task, value, _, _ in results if _scored(task, truths, gold)}
    scored = [
        (says_same(values[task], truths[task], language), confidence)
        for task, _, confidence, _ in results
        if task in values
    ]
    figures: dict[str, object] = {
        "method": found.method,
        "wer": word_error_rate(values, truths, language) if values else None,
        "exact_match": exact_match(values, truths, language) if values else None,
        "near_match": sum(right for right, _ in scored) / len(scored) if scored else None,
        **_calibration_errors(scored),
        "temperature": found.calibration.temperature,
        "lapse": found.calibration.lapse,
        "confidence_checked": found.checked,
        "certificate": _plain(found.certificate),
    }
    typed: dict[str, list[str]] = {}
    for task, _, answer in rows:
        if task not in gold:
            typed.setdefault(task, []).append(answer)
    ties = tuple(task for task, texts in typed.items() if tied(texts, typed_answers, language))
    return figures, results, ties


def _repeated(rows: Rows) -> int:
    """Return how many answers a worker gave after the first one to the same task."""
    # The count is per task, so that millions of rows need no table of all pairs.
    workers: dict[str, list[str]] = {}
    for task, worker, _ in rows:
        workers.setdefault(task, []).append(worker)
    return sum(len(of_task) - len(set(of_task)) for of_task in workers.values())


def _scored(task: str, truths: Truths, gold: Truths) -> bool:
    return task in truths and task not in gold


def _results(
    tasks: Sequence[str], values: Sequence[str], confidences: Sequence[float], rows: Rows
) -> list[tuple[str, str, float, int]]:
    given = Counter(row[0] for row in rows)
    return [
        (task, value, confidence, given[task])
        for task, value, confidence in zip(tasks, values, confidences, strict=True)
    ]


def _calibration_errors(scored: Sequence[tuple[bool, float]]) -> dict[str, float | None]:
    if not scored:
        return {"ece": None, "ece_debiased": None}
    right, confidence = (np.array(column, np.float64) for column in zip(*scored, strict=True))
    return {
        "ece": expected_calibration_error(confidence, right),
        "ece_debiased": debiased_calibration_error(confidence, right),
    }


def _plain(certificate: Certificate | TooLittleGold) -> dict[str, float | int]:
    return asdict(certificate)
