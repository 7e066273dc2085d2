"""From posteriors to confidences one can promise, and to a certificate for a batch.

People who read the same question make the same mistakes, so their answers are worth less than
independent ones, and posteriors that multiply them are too sure of themselves. Softening divides
the log-odds of a task by the design effect of its answers (Kish 1965): 1 + r (n - 1) for n answers
whose errors share r. One gold-fitted factor on top adapts that to the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

import numpy as np

from gateway.qa.port import UNKNOWN, Codes, Floats
from gateway.qa.shared_error import SHARED_ERROR

TEMPERATURES = np.exp(np.linspace(-1.2, 1.6, 57))
LOG_TEMPERATURE_DEVIATION = 0.35  # prior around 1: 50 gold tasks move it, five hardly
BINS = 10
GOLD_MIN = 30  # below that an interval would be too wide to be of use
# Promised is 95 %. Built at 97 %, since the true coverage of an interval for counts wavers with the
# share itself, and the promise is to hold on every batch.
Z = 2.17
CHANCE_MIN = 1e-12


@dataclass(frozen=True, slots=True)
class Certificate:
    """Accuracy of a batch's values as gold shows it, 0..1, with a two-sided 95 % interval."""

    accuracy: float
    low: float
    high: float
    gold: int


@dataclass(frozen=True, slots=True)
class TooLittleGold:
    """No certificate: `gold` tasks known, `wanted` needed."""

    gold: int
    wanted: int = GOLD_MIN


def softened(posterior: Floats, answers_per_task: Codes, temperature: float = 1.0) -> Floats:
    """Posteriors with the design effect taken out; the order of options never changes."""
    effect = 1.0 + SHARED_ERROR * (np.maximum(answers_per_task, 1) - 1)
    log_odds = np.log(np.maximum(posterior, CHANCE_MIN)) / (effect * temperature)[:, None]
    weights = np.exp(log_odds - log_odds.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def fitted_temperature(posterior: Floats, answers_per_task: Codes, truth: Codes) -> float:
    """The factor on top of the design effect that makes gold truths most likely.

    `posterior` must come from a rule that was not told the gold. Without gold it is 1.
    """
    known = np.flatnonzero(truth != UNKNOWN)
    losses: list[float] = []
    for temperature in TEMPERATURES.tolist():
        sure = softened(posterior[known], answers_per_task[known], temperature)
        chance = sure[np.arange(len(known)), truth[known]]
        prior = 0.5 * (np.log(temperature) / LOG_TEMPERATURE_DEVIATION) ** 2
        losses.append(float(prior - np.log(chance).sum()))
    return float(TEMPERATURES[int(np.argmin(losses))]) if len(known) else 1.0


def certificate(right: int, gold: int, others: int) -> Certificate | TooLittleGold:
    """Accuracy to expect on `others` tasks, after `right` of `gold` came out right unaided.

    Wilson's interval with continuity correction (Newcombe 1998), which errs on the wide side; the
    sample is shrunk to what tells `gold` known tasks and `others` unknown ones apart.
    """
    if gold < GOLD_MIN:
        return TooLittleGold(gold)
    share = right / gold
    n = gold * others / (gold + others) if others else float(gold)
    low = _wilson(1.0 - share, n)
    return Certificate(share, max(0.0, 1.0 - low), min(1.0, _wilson(share, n)), gold)


def expected_calibration_error(confidence: Floats, right: Floats) -> float:
    """Mean distance of confidence and accuracy over ten bins of equal width (ECE), 0..1."""
    bins = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, confidence - right, BINS)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))


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


def _wilson(share: float, n: float) -> float:
    """Upper end of the interval of a share of `n`."""
    if share == 1.0:
        return 1.0
    spread = Z * sqrt(max(0.0, Z * Z + 2.0 - 1.0 / n + 4.0 * share * (n * (1.0 - share) - 1.0)))
    return min(1.0, (2.0 * n * share + Z * Z + spread + 1.0) / (2.0 * (n + Z * Z)))
