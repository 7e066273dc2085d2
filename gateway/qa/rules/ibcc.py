"""The rule IBCC, independent Bayesian classifier combination.

It is Dawid-Skene that also doubts its own matrices: Kim and Ghahramani, "Bayesian classifier
combination" (2012), by variational Bayes. Rows are Dirichlet. The evidence of an answer is the
expected log chance under what is left unknown of the row. So a worker with few answers counts less
than with a point estimate.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.estimation.em import expectation_maximisation
from gateway.qa.estimation.prior import tilted
from gateway.qa.port import Answers, Estimate, Floats

PRIOR_ANSWERS = 10.0  # The weight of the prior in every row.
DIGAMMA_STEPS = 6  # The series below is exact to 1e-9 from there on.


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Learn Dirichlet rows by variational Bayes.

    See `gateway.qa.port.Rule`.
    """
    return expectation_maximisation(answers, gold, _expected_chances, start)


def _expected_chances(counts: Floats) -> Floats:
    """Return exp(E[log chance]).

    Rows sum to a little less than 1, and the missing part is doubt.
    """
    answers = counts + PRIOR_ANSWERS * tilted(counts)
    return np.exp(digamma(answers) - digamma(answers.sum(2))[:, :, None])


def digamma(x: Floats) -> Floats:
    """Return the logarithmic derivative of gamma for x > 0.

    See Abramowitz and Stegun 6.3.5 and 6.3.18.
    """
    below = sum((1.0 / (x + step) for step in range(DIGAMMA_STEPS)), np.zeros_like(x))
    y = x + DIGAMMA_STEPS
    square = 1.0 / (y * y)
    series = square * (1 / 12 - square * (1 / 120 - square / 252))
    return np.log(y) - 0.5 / y - series - below
