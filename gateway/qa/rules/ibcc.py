"""Independent Bayesian classifier combination: Dawid-Skene that also doubts its own matrices.

Kim and Ghahramani, "Bayesian classifier combination" (2012), by variational Bayes: rows are
Dirichlet, and the evidence of an answer is the expected log chance under what is left unknown of
the row, so a worker with few answers speaks more softly than a point estimate would let them.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.em import expectation_maximisation
from gateway.qa.port import Answers, Estimate, Floats
from gateway.qa.prior import tilted

PRIOR_ANSWERS = 10.0  # weight of the prior in every row
DIGAMMA_STEPS = 6  # the series below is exact to 1e-9 from there on


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Learn Dirichlet rows by variational Bayes. See `gateway.qa.port.Rule`."""
    return expectation_maximisation(answers, gold, _expected_chances, start)


def _expected_chances(counts: Floats) -> Floats:
    """exp(E[log chance]): rows sum to a little less than 1, the missing part being doubt."""
    answers = counts + PRIOR_ANSWERS * tilted(counts)
    return np.exp(digamma(answers) - digamma(answers.sum(2))[:, :, None])


def digamma(x: Floats) -> Floats:
    """Logarithmic derivative of gamma for x > 0 (Abramowitz and Stegun 6.3.5 and 6.3.18)."""
    below = sum((1.0 / (x + step) for step in range(DIGAMMA_STEPS)), np.zeros_like(x))
    y = x + DIGAMMA_STEPS
    square = 1.0 / (y * y)
    series = square * (1 / 12 - square * (1 / 120 - square / 252))
    return np.log(y) - 0.5 / y - series - below
