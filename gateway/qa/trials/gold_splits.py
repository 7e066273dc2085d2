"""The measurement of what a number of gold tasks would have told.

A recorded batch is cut into gold and the rest, again and again. In each random cut the gold
calibrates and certifies. The rest, whose truth the engine does not see, judges both: how far
confidences were from the truth, and whether the certificate held.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from gateway.base.errors import Refused
from gateway.qa import batch, rule
from gateway.qa.confidence.calibration_error import (
    debiased_calibration_error,
    expected_calibration_error,
)
from gateway.qa.confidence.certificate import Certificate, TooLittleGold
from gateway.qa.port import UNKNOWN, Answers, Codes, Flags, Floats, gold_codes

if TYPE_CHECKING:
    from gateway.qa.text.aggregate import Unaided

Truths = Mapping[str, str]
SplitFigures = dict[str, float | int | None]
REST_MIN = 20  # The least number of tasks with a truth beside the gold. Fewer measure nothing.


def gold_splits(
    answers: Answers,
    truths: Mapping[str, str],
    *,
    gold: int,
    splits: int,
    method: str,
    tick: Callable[[], None],
) -> SplitFigures:
    """Return means over `splits` random choices of `gold` tasks, and call `tick` after each.

    `covered` is the share of certificates that held, or None where `gold` is too little for one.
    `half_width` is half their mean width. Raises Refused when too few tasks have a truth.
    """
    truth = gold_codes(answers, truths)
    known = np.flatnonzero(truth != UNKNOWN)
    unaided = rule(method).aggregate(answers)
    code = {option: number for number, option in enumerate(answers.options)}

    def judged(given: Truths) -> _Judged:
        found = batch.aggregate(answers, method, given, unaided)
        right = np.array([code[value] for value in found.estimate.value]) == truth
        return _Judged(right, found.confidence, found.certificate)

    return _splits(answers.tasks, known, truths, judged, gold, splits, tick)


def text_gold_splits(
    answers: "Unaided",
    truths: Mapping[str, str],
    *,
    gold: int,
    splits: int,
    tick: Callable[[], None],
) -> SplitFigures:
    """Return the means of `gold_splits` for typed answers.

    An answer that is near-equal to the truth is right.
    """
    # rapidfuzz costs an import that options need not pay.
    from gateway.qa.text.aggregate import with_gold  # noqa: PLC0415
    from gateway.qa.typed.near import is_near  # noqa: PLC0415
    from gateway.qa.typed.normalise import normalise  # noqa: PLC0415

    names = tuple(task.name for task in answers.tasks)
    said = {task: normalise(truths[task], answers.language) for task in names if task in truths}
    known = np.array([place for place, task in enumerate(names) if task in said], np.intp)

    def right(values: Sequence[str]) -> Flags:
        return np.array(
            [
                task in said and is_near(normalise(value, answers.language), said[task])
                for task, value in zip(names, values, strict=True)
            ]
        )

    def judged(given: Truths) -> _Judged:
        found = with_gold(answers, given)
        return _Judged(right(found.value), np.array(found.confidence), found.certificate)

    return _splits(names, known, truths, judged, gold, splits, tick)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The result of one choice of gold, task by task."""

    right: Flags
    confidence: Floats
    certificate: Certificate | TooLittleGold


def _splits(
    tasks: Sequence[str],
    known: Codes,
    truths: Truths,
    judged: Callable[[Truths], _Judged],
    gold: int,
    splits: int,
    tick: Callable[[], None],
) -> SplitFigures:
    if len(known) < gold + REST_MIN:
        raise Refused(
            f"{len(known)} tasks have answers and a truth: {gold} gold ones would leave fewer than {REST_MIN}",
            field="gold",
        )
    raw: list[float] = []
    debiased: list[float] = []
    held: list[bool] = []
    widths: list[float] = []
    rights: list[float] = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(known)
        chosen, rest = order[:gold], order[gold:]
        found = judged({task: truths[task] for task in map(tasks.__getitem__, chosen.tolist())})
        right, confidence = found.right[rest].astype(np.float64), found.confidence[rest]
        rights.append(float(right.mean()))
        raw.append(expected_calibration_error(confidence, right))
        debiased.append(debiased_calibration_error(confidence, right))
        if isinstance(found.certificate, Certificate):
            held.append(found.certificate.low <= rights[-1] <= found.certificate.high)
            widths.append(found.certificate.high - found.certificate.low)
        tick()
    return {
        "tasks": len(known),
        "gold": gold,
        "splits": splits,
        "accuracy": fmean(rights),
        "ece": fmean(raw),
        "ece_debiased": fmean(debiased),
        "covered": fmean(held) if held else None,
        "half_width": fmean(widths) / 2.0 if widths else None,
    }
