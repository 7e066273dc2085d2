"""The distance of confidences from the truth, in ten bins.

A binned error is never zero, not even for perfect confidences. In a bin of fifty tasks the share of
right ones varies by luck alone. `debiased_calibration_error` takes that part out, so that batches
of different sizes can be compared. The raw figure is the one that the literature reports.
"""

from collections.abc import Sequence
from math import erf, exp, pi, sqrt
from statistics import fmean

import numpy as np

from gateway.qa.port import Floats

BINS = 10


def expected_calibration_error(confidence: Floats, right: Floats) -> float:
    """Return the expected calibration error (ECE), 0..1.

    It is the mean distance of confidence and accuracy over ten bins of equal width.
    """
    gaps, tasks, _ = _bins(confidence, right)
    return float((gaps * tasks).sum() / max(1, len(confidence)))


def debiased_calibration_error(confidence: Floats, right: Floats) -> float:
    """Return the expected calibration error with a part of the effect of luck taken out.

    It takes out two fifths of the effect where there is no true gap. The method is by Kumar, Liang
    and Ma, "Verified uncertainty calibration" (2019). Were the gaps redrawn with the noise of their
    bins, the error would grow by about what the noise has added already. Redrawing is done in
    closed form (the mean of a folded normal distribution).
    """
    gaps, tasks, spreads = _bins(confidence, right)
    redrawn = [_folded(gap, spread) for gap, spread in zip(gaps, spreads, strict=True)]
    return float(((2.0 * gaps - np.array(redrawn)) * tasks).sum() / max(1, len(confidence)))


def reliability(
    confidences: Sequence[float], right: Sequence[bool]
) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, tasks) of every bin that has tasks.

    These are the points of a reliability diagram.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, hit in zip(confidences, right, strict=True):
        bins.setdefault(min(int(sure * BINS), BINS - 1), []).append((sure, hit))
    return [
        (fmean(s for s, _ in pairs), fmean(hit for _, hit in pairs), len(pairs))
        for _, pairs in sorted(bins.items())
    ]


def _bins(confidence: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the gap, the tasks, and the gap's deviation by luck of every bin with tasks.

    The gap is the distance of confidence and accuracy.
    """
    places = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    tasks = np.bincount(places, minlength=BINS)
    said = np.bincount(places, confidence, BINS)[tasks > 0]
    hits = np.bincount(places, right, BINS)[tasks > 0]
    tasks = tasks[tasks > 0].astype(np.float64)
    # One imaginary task at the bin's own confidence keeps a bin that has only hits from certainty.
    share = (hits + said / tasks) / (tasks + 1.0)
    return np.abs(said - hits) / tasks, tasks, np.sqrt(share * (1.0 - share) / tasks)


def _folded(mean: float, deviation: float) -> float:
    """Return the mean of the absolute value of a normal variable."""
    if deviation <= 0.0:
        return abs(mean)
    z = mean / (deviation * sqrt(2.0))
    return deviation * sqrt(2.0 / pi) * exp(-z * z) + mean * erf(z)
