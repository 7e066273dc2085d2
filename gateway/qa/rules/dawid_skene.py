"""The rule Dawid-Skene: a confusion matrix per worker, estimated by EM together with the truths.

Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm"
(1979). It is made safe for workers with few answers, by drawing every row towards a prior. The
prior knows the mistakes of all workers and the worker's own skill (`gateway.qa.estimation.prior`).
So a batch cannot collapse into one class or swap two.
"""

from collections.abc import Mapping

from gateway.qa.estimation.em import expectation_maximisation
from gateway.qa.estimation.prior import tilted
from gateway.qa.port import Answers, Estimate, Floats

PRIOR_ANSWERS = 3.0  # The weight of the prior in every row.


def aggregate(
    answers: Answers,
    gold: Mapping[str, str] | None = None,
    start: Floats | None = None,
    beside: Floats | None = None,
) -> Estimate:
    """Learn matrices by EM.

    See `gateway.qa.port.Rule`.
    """
    return expectation_maximisation(answers, gold, _matrices, start, beside)


def _matrices(counts: Floats) -> Floats:
    matrices = counts + PRIOR_ANSWERS * tilted(counts)
    return matrices / matrices.sum(2, keepdims=True)
