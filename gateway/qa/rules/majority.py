"""Majority: every answer weighs the same.

The confidence is the winner's share of the votes after one more vote is spread over all options,
so that one answer out of one is not certainty. Ties: see `gateway.qa.port.decide`.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.em import shares
from gateway.qa.port import Answers, Estimate, decide, gold_codes
from gateway.qa.sums import Sums

AGREEMENT_PRIOR = 8.0  # answers; a worker with few answers is taken to agree as all workers do


def aggregate(answers: Answers, gold: Mapping[str, str] | None = None) -> Estimate:
    """Count votes. See `gateway.qa.port.Rule`."""
    sums = Sums(answers)
    posterior = shares(sums, gold_codes(answers, gold))
    counts = sums.counts(posterior)
    pooled = counts.sum(0) + np.eye(sums.options)
    pooled /= pooled.sum(1, keepdims=True)
    confusion = counts + AGREEMENT_PRIOR * pooled
    return decide(answers, posterior, confusion / confusion.sum(2, keepdims=True))
