"""The rule one coin: a worker is right with one probability, whatever the truth is.

Her mistakes spread evenly. It is Dawid and Skene's model with one parameter per worker, by EM. It
is the choice when workers have given few answers each, or when a few workers have given most.
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.estimation.em import expectation_maximisation
from gateway.qa.estimation.prior import skills
from gateway.qa.port import Answers, Estimate, Floats

PRIOR_RIGHT, PRIOR_WRONG = 4.0, 1.0  # The prior is in answers.


def aggregate(
    answers: Answers,
    gold: Mapping[str, str] | None = None,
    start: Floats | None = None,
    beside: Floats | None = None,
) -> Estimate:
    """Learn coins by EM.

    See `gateway.qa.port.Rule`.
    """
    return expectation_maximisation(answers, gold, _coins, start, beside)


def _coins(counts: Floats) -> Floats:
    options = counts.shape[1]
    skill = skills(counts, PRIOR_RIGHT, PRIOR_WRONG)
    slip = (1.0 - skill) / max(1, options - 1)
    same = np.eye(options)
    return skill[:, None, None] * same + slip[:, None, None] * (1.0 - same)
