"""How far confidences are from the truth: what was said against what came true, in ten bins.

A binned error is never zero, not even for perfect confidences: in a bin of fifty tasks the share
of right ones wavers by luck alone. `debiased_calibration_error` takes that part out, so that
batches of different sizes can be compared; the raw figure is the one the literature reports.
"""

from collections.abc import Sequence
from math import erf, exp, pi, sqrt
from statistics import fmean

import numpy as np

from gateway.qa.port import Floats

BINS = 10


def expected_calibration_error(confidence: Floats, right: Floats) -> float:
    """Mean distance of confidence and accuracy over ten bins of equal width (ECE), 0..1."""
    gaps, tasks, _ = _bins(confidence, right)
    return float((gaps * tasks).sum() / max(1, len(confidence)))


def debiased_calibration_error(confidence: Floats, right: Floats) -> float:
    """The same with a part of what luck adds taken out: two fifths of it where there is no true gap.

    Kumar, Liang and Ma, "Verified uncertainty calibration" (2019): were the gaps redrawn with the
    noise of their bins, the error would grow by about what the noise has added already. Redrawing
    is done in closed form (the mean of a folded normal distribution).
    """
    gaps, tasks, spreads = _bins(confidence, right)
    redrawn = [_folded(gap, spread) for gap, spread in zip(gaps, spreads, strict=True)]
    return float(((2.0 * gaps - np.array(redrawn)) * tasks).sum() / max(1, len(confidence)))


def reliability(
    confidences: Sequence[float], right: Sequence[bool]
) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, tasks) of every bin that has tasks, as in a reliability diagram."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, hit in zip(confidences, right, strict=True):
        bins.setdefault(min(int(sure * BINS), BINS - 1), []).append((sure, hit))
    return [
        (fmean(s for s, _ in pairs), fmean(hit for _, hit in pairs), len(pairs))
        for _, pairs in sorted(bins.items())
    ]


def _bins(confidence: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """Per bin with tasks: the gap of confidence and accuracy, its tasks, and the gap's deviation by luck."""
    places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    tasks = np.bincount(places, minlength=BINS)
    said = np.bincount(places, confidence, BINS)[tasks > 0]
    hits = np.bincount(places, right, BINS)[tasks > 0]
    tasks = tasks[tasks > 0].astype(np.float64)
    # One imaginary task at the bin's own confidence keeps a bin of nothing but hits from certainty.
    share = (hits + said / tasks) / (tasks + 1.0)
    return np.abs(said - hits) / tasks, tasks, np.sqrt(share * (1.0 - share) / tasks)


def _folded(mean: float, deviation: float) -> float:
    """Mean of the absolute value of a normal variable."""
    if deviation <= 0.0:
        return abs(mean)
    z = mean / (deviation * sqrt(2.0))
    return deviation * sqrt(2.0 / pi) * exp(-z * z) + mean * erf(z)
