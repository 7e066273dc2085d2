"""Dawid-Skene: a confusion matrix per worker, estimated by EM together with the truths.

Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm"
(1979), made safe for workers with few answers: every row of a worker's matrix is drawn towards
the row of all workers pooled, and the pooled matrix towards its diagonal, so that a batch cannot
collapse into one class or swap two.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.em import expectation_maximisation
from gateway.qa.port import Answers, Estimate, Floats

PERSONAL_PRIOR = 4.0  # answers by which a worker's row is drawn towards the pooled row
DIAGONAL_PRIOR = 2.0  # answers by which a worker's row is drawn towards being right


def aggregate(answers: Answers, gold: Mapping[str, str] | None = None) -> Estimate:
    """Learn matrices by EM. See `gateway.qa.port.Rule`."""
    return expectation_maximisation(answers, gold, _confusion)


def _confusion(counts: Floats) -> Floats:
    same = np.eye(counts.shape[1])
    pooled = counts.sum(0) + counts.shape[1] * same + 1.0
    pooled /= pooled.sum(1, keepdims=True)
    confusion = counts + PERSONAL_PRIOR * pooled + DIAGONAL_PRIOR * same
    return confusion / confusion.sum(2, keepdims=True)
