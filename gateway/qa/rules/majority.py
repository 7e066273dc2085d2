"""The rule majority: every answer weighs the same.

`gateway.qa.port.read_posterior` breaks ties. The posterior takes every worker to be right as often
as answers agree with it in this batch (one coin for all, by EM). That changes no winner and makes
the confidence comparable with the other rules'.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.estimation.em import posteriors, shares
from gateway.qa.estimation.sums import sums_of
from gateway.qa.port import Answers, Estimate, Floats, gold_codes, read_posterior

# The number of answers. A worker with few answers is taken to agree as all workers do.
AGREEMENT_PRIOR = 8.0
ABOVE_CHANCE_MIN = 0.05  # Workers below chance still elect their majority.
AGREEMENT_MAX = 0.95
ROUNDS = 4  # A single number settles quickly.


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Count votes, without a need for `start`.

    See `gateway.qa.port.Rule`.
    """
    sums = sums_of(answers)
    truth = gold_codes(answers, gold)
    votes = sums.votes()
    posterior = shares(sums, truth)
    for _ in range(ROUNDS):
        agreement = float((votes * posterior).sum()) / len(answers)
        agreement = min(max(agreement, 1.0 / sums.options + ABOVE_CHANCE_MIN), AGREEMENT_MAX)
        log_odds = np.log(agreement * max(1, sums.options - 1) / (1.0 - agreement))
        posterior = posteriors(votes * log_odds, truth)
    counts = sums.counts(posterior)
    pooled = counts.sum(0) + np.eye(sums.options)
    pooled /= pooled.sum(1, keepdims=True)
    confusion = counts + AGREEMENT_PRIOR * pooled
    return read_posterior(answers, posterior, confusion / confusion.sum(2, keepdims=True))
