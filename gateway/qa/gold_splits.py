"""What would so many gold tasks have told? A recorded batch cut into gold and the rest, again and again.

Of each random cut the gold calibrates and certifies, and the rest, whose truth the engine is not
shown, judges both: how far confidences were from the truth, and whether the certificate held.
"""

from collections.abc import Callable, Mapping
from statistics import fmean

import numpy as np

from gateway.errors import Refused
from gateway.qa import batch, rule
from gateway.qa.calibration_error import debiased_calibration_error, expected_calibration_error
from gateway.qa.certificate import Certificate
from gateway.qa.port import UNKNOWN, Answers, gold_codes

Figures = dict[str, float | int | None]
REST_MIN = 20  # tasks with a truth beside the gold; fewer measure nothing


def gold_splits(
    answers: Answers,
    truths: Mapping[str, str],
    *,
    gold: int,
    splits: int,
    method: str,
    tick: Callable[[], None],
) -> Figures:
    """Means over `splits` random choices of `gold` tasks; calls `tick` after each.

    `covered` is the share of certificates that held, None where `gold` is too little for one, and
    `half_width` half their mean width. Raises Refused when too few tasks have a truth.
    """
    truth = gold_codes(answers, truths)
    known = np.flatnonzero(truth != UNKNOWN)
    if len(known) < gold + REST_MIN:
        raise Refused(
            f"{len(known)} tasks have answers and a truth: {gold} gold ones would leave fewer than {REST_MIN}",
            field="gold",
        )
    unaided = rule(method).aggregate(answers)
    code = {option: number for number, option in enumerate(answers.options)}
    unaided_values = np.array([code[value] for value in unaided.value])
    raw: list[float] = []
    debiased: list[float] = []
    held: list[bool] = []
    widths: list[float] = []
    rights: list[float] = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(known)
        chosen, rest = order[:gold], order[gold:]
        given = {task: truths[task] for task in map(answers.tasks.__getitem__, chosen.tolist())}
        found = batch.aggregate(answers, method, given, unaided)
        values = np.array([code[value] for value in found.estimate.value])
        right = (values[rest] == truth[rest]).astype(np.float64)
        rights.append(float(right.mean()))
        raw.append(expected_calibration_error(found.confidence[rest], right))
        debiased.append(debiased_calibration_error(found.confidence[rest], right))
        if isinstance(found.certificate, Certificate):
            accuracy = float((unaided_values[rest] == truth[rest]).mean())
            held.append(found.certificate.low <= accuracy <= found.certificate.high)
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
