"""The expected confusion matrix of a worker with few answers.

The pooled matrix of all workers says which classes are mistaken for which. The worker's own share
of right answers says how often. The prior is the pooled matrix with its diagonal tilted, in odds,
until it fits that share. So a good worker who has never met class k is believed to be good at it.
Her mistakes there are expected to be those that all workers make.
"""

import numpy as np

from gateway.qa.port import Floats

RIGHT, WRONG = 3.0, 1.0  # The Beta prior on a worker's share of right answers.
# The number of imaginary right answers per class and option in the pooled matrix.
POOLED_DIAGONAL = 1.0
SKILL_MAX = 0.995  # No worker is beyond doubt.


def skills(counts: Floats, right: float = RIGHT, wrong: float = WRONG) -> Floats:
    """Return the share of right answers per worker under a Beta prior.

    `counts[w, k, o]` are expected answers `o` of worker `w` to tasks whose truth is `k`. The share
    is kept between chance and `SKILL_MAX`. Without the floor at chance, a few bad workers can turn
    the labels around.
    """
    given = counts.sum((1, 2))
    share = (np.einsum("wkk->w", counts) + right) / (given + right + wrong)
    return np.clip(share, 1.0 / counts.shape[1], SKILL_MAX)


def tilted(counts: Floats) -> Floats:
    """Return the prior matrix of every worker, `[w, k, o]`, with rows that sum to 1."""
    options = counts.shape[1]
    same = np.eye(options)
    total = counts.sum(0)
    pooled = total + 1.0 + POOLED_DIAGONAL * options * same
    pooled /= pooled.sum(1, keepdims=True)
    usual = min(np.diag(pooled) @ total.sum(1) / total.sum(), SKILL_MAX)
    own = skills(counts)
    lift = own * (1.0 - usual) / ((1.0 - own) * usual)
    prior = pooled * np.where(same > 0.0, lift[:, None, None], 1.0)
    return prior / prior.sum(2, keepdims=True)
