"""What a worker's confusion matrix looks like before one has seen much of that worker.

The crowd's pooled matrix says which classes are mistaken for which; the worker's own share of
right answers says how often. The prior is the pooled matrix with its diagonal tilted, in odds,
until it fits that share: so a good worker who has never met class k is believed to be good at k,
but to make the mistakes everybody makes there.
"""

import numpy as np

from gateway.qa.port import Floats

RIGHT, WRONG = 3.0, 1.0  # Beta prior on a worker's share of right answers
POOLED_DIAGONAL = 1.0  # imaginary right answers per class and option in the pooled matrix
SKILL_MAX = 0.995  # nobody is beyond doubt


def skills(counts: Floats, right: float = RIGHT, wrong: float = WRONG) -> Floats:
    """Share of right answers per worker under a Beta prior, kept between chance and `SKILL_MAX`.

    `counts[w, k, o]` are expected answers `o` of worker `w` to tasks whose truth is `k`. Without
    the floor at chance a few bad workers can turn the labels around.
    """
    given = counts.sum((1, 2))
    share = (np.einsum("wkk->w", counts) + right) / (given + right + wrong)
    return np.clip(share, 1.0 / counts.shape[1], SKILL_MAX)


def tilted(counts: Floats) -> Floats:
    """The prior matrix of every worker, `[w, k, o]`, rows summing to 1."""
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
