"""From posteriors to confidences one can promise.

People who read the same question make the same mistakes, so their answers are worth less than
independent ones, and posteriors that multiply them are too sure of themselves. Softening divides
the log-odds of a task by the design effect of its answers (Kish 1965): 1 + r (n - 1) for n answers
whose errors share r.

Two things differ from batch to batch and are learnt from its gold: a temperature on top of that,
and a lapse, the share of questions where the crowd is as good as guessing however sure it looks
(everybody is fooled, or the truth on file is wrong). Fifty gold tasks leave both uncertain, so no
single pair is picked: the confidence is the mean over all pairs, weighted by how well each explains
the gold. Without gold it is the mean over what other batches were like.
"""

from dataclasses import dataclass

import numpy as np

from gateway.qa.port import UNKNOWN, Codes, Floats
from gateway.qa.shared_error import SHARED_ERROR

TEMPERATURES = np.exp(np.linspace(-0.9, 1.2, 15))
LAPSES = np.array([0.0, 0.01, 0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35])
# What batches are like before their gold is seen. Half or twice of each changes the error by .001.
LOG_TEMPERATURE, LOG_TEMPERATURE_DEVIATION = 0.1, 0.35
LAPSE = 0.03
NEGLIGIBLE = 0.002  # weight of a temperature that is not worth computing
CHANCE_MIN = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Weights over `TEMPERATURES` and `LAPSES`, summing to 1."""

    weights: Floats

    @property
    def temperature(self) -> float:
        """The mean temperature: above 1 where the crowd is less sure than it looks."""
        return float(np.exp(self.weights.sum(1) @ np.log(TEMPERATURES)))

    @property
    def lapse(self) -> float:
        """The mean share of questions that no agreement tells about."""
        return float(self.weights.sum(0) @ LAPSES)

    def apply(self, posterior: Floats, answers_per_task: Codes) -> Floats:
        """Calibrated posteriors; the order of options never changes."""
        options = posterior.shape[1]
        by_temperature = self.weights.sum(1)
        kept = np.flatnonzero(by_temperature > NEGLIGIBLE)
        scale = 1.0 / by_temperature[kept].sum()
        heeded = self.weights[kept] @ (1.0 - LAPSES) * scale
        log_odds = _softened_logs(posterior, answers_per_task)
        calibrated = np.full(posterior.shape, (1.0 - heeded.sum()) / options)
        for temperature, weight in zip(TEMPERATURES[kept], heeded, strict=True):
            calibrated += weight * _probabilities(log_odds / temperature)
        return calibrated


def softened(posterior: Floats, answers_per_task: Codes) -> Floats:
    """Posteriors with the design effect taken out; the order of options never changes."""
    return _probabilities(_softened_logs(posterior, answers_per_task))


def calibration(posterior: Floats, answers_per_task: Codes, truth: Codes) -> Calibration:
    """What gold says of a batch's confidences; without gold, what batches are like.

    `posterior` must come from a rule that was not told the gold.
    """
    known = np.flatnonzero(truth != UNKNOWN)
    options = posterior.shape[1]
    log_odds = _softened_logs(posterior[known], answers_per_task[known])
    places = np.arange(len(known))
    log_weights = _log_prior()
    for row, temperature in enumerate(TEMPERATURES):
        chance = _probabilities(log_odds / temperature)[places, truth[known]]
        heard = np.outer(1.0 - LAPSES, chance) + LAPSES[:, None] / options
        log_weights[row] += np.log(np.maximum(heard, CHANCE_MIN)).sum(1)
    weights = np.exp(log_weights - log_weights.max())
    return Calibration(weights / weights.sum())


def _log_prior() -> Floats:
    """Log weights before any gold: temperatures log-normal, lapses exponential."""
    off = (np.log(TEMPERATURES) - LOG_TEMPERATURE) / LOG_TEMPERATURE_DEVIATION
    # Lapses are not evenly spaced: each stands for the stretch around it.
    lapses = np.log(np.gradient(LAPSES)) - LAPSES / LAPSE
    return -0.5 * off[:, None] ** 2 + lapses[None, :]


def _softened_logs(posterior: Floats, answers_per_task: Codes) -> Floats:
    effect = 1.0 + SHARED_ERROR * (np.maximum(answers_per_task, 1) - 1)
    return np.log(np.maximum(posterior, CHANCE_MIN)) / effect[:, None]


def _probabilities(logarithms: Floats) -> Floats:
    weights = np.exp(logarithms - logarithms.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)
