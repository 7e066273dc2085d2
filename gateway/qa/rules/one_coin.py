"""One coin: a worker is right with one probability, whatever the truth is, and errs evenly.

EM with a Beta prior on every worker's coin, kept at or above chance: without the floor a few bad
workers can turn the labels around (Dawid and Skene 1979 with tied matrices; the floor and the
Beta(6, 2) were measured on 15 public sets of crowd answers).
"""

from collections.abc import Mapping

import numpy as np

from gateway.qa.em import expectation_maximisation
from gateway.qa.port import Answers, Estimate, Floats

PRIOR_RIGHT = 6.0
PRIOR_WRONG = 2.0
SKILL_MAX = 0.995  # nobody is beyond doubt


def aggregate(answers: Answers, gold: Mapping[str, str] | None = None) -> Estimate:
    """Learn coins by EM. See `gateway.qa.port.Rule`."""
    return expectation_maximisation(answers, gold, _confusion)


def _confusion(counts: Floats) -> Floats:
    right = np.einsum("wkk->w", counts)
    skill = (right + PRIOR_RIGHT) / (counts.sum((1, 2)) + PRIOR_RIGHT + PRIOR_WRONG)
    skill = np.clip(skill, 1.0 / counts.shape[1], SKILL_MAX)
    slip = (1.0 - skill) / max(1, counts.shape[1] - 1)
    same = np.eye(counts.shape[1])
    return skill[:, None, None] * same + slip[:, None, None] * (1.0 - same)
