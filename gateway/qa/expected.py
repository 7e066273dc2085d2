"""How right a crowd can be expected to be, from nothing but how its votes split: what confidences are held against.

If answers were independent, votes would split as dice do. They do not: questions differ in difficulty, and workers who
read the same question share its mistakes. So every question is taken to have chances of its own to be answered right or
wrong, drawn around the crowd's (Dirichlet, which makes votes Polya distributed): a question whose answers split
evenly has many like it, and one where all agree may still be one where all are fooled. How far questions differ is
read off the batch by the likelihood of its splits, and no truth is needed.

Nothing is settled on: the expectation is the mean over a grid of the crowd's rightness and of how alike questions
are, each pair weighted by how well it explains the splits and by what crowds are like.
"""

from dataclasses import dataclass

import numpy as np

from gateway.qa.port import Floats

ABOVE_CHANCE_MIN, RIGHT_MAX, RIGHTS = (
    0.04,
    0.97,
    16,
)  # the grid of the chance that an answer is right
# How alike questions are: the imaginary answers that a question's own chances are drawn with. The last is "all alike".
ALIKE = np.array([0.7, 1.0, 1.5, 2.2, 3.3, 5.0, 8.0, 13.0, 25.0, 60.0, 1e4])
# What crowds are like before their votes are seen: Beta(6, 2.5) between chance and 1; log-normal around 4.
RIGHT_PRIOR, WRONG_PRIOR = 6.0, 2.5
ALIKE_PRIOR, ALIKE_DEVIATION, ALIKE_MAX = 4.0, 1.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class _Splits:
    """The different ways in which votes split, most votes first, `[u, k]`, and how many tasks split so."""

    votes: Floats
    tasks: Floats


def expected_accuracy(votes: Floats) -> float:
    """Share of the tasks whose most frequent answer is right, as far as the votes `[t, k]` tell."""
    ways, tasks = np.unique(-np.sort(-votes, 1), axis=0, return_counts=True)
    splits = _Splits(ways, tasks.astype(np.float64))
    options = votes.shape[1]
    lowest = 1.0 / options + ABOVE_CHANCE_MIN
    rights = lowest + (RIGHT_MAX - lowest) * np.arange(RIGHTS) / (RIGHTS - 1)
    above = (rights - 1.0 / options) / (1.0 - 1.0 / options)
    prior = (RIGHT_PRIOR - 1.0) * np.log(above) + (WRONG_PRIOR - 1.0) * np.log(1.0 - above)
    alike = np.log(np.minimum(ALIKE, ALIKE_MAX) / ALIKE_PRIOR) / ALIKE_DEVIATION
    weights = prior[:, None] - 0.5 * alike[None] ** 2
    accuracy = np.empty_like(weights)
    for row, right in enumerate(rights.tolist()):
        for column, strength in enumerate(ALIKE.tolist()):
            likelihood, accuracy[row, column] = _explained(splits, right, strength)
            weights[row, column] += likelihood
    weights = np.exp(weights - weights.max())
    return float((weights * accuracy).sum() / weights.sum())


def _explained(splits: _Splits, right: float, strength: float) -> tuple[float, float]:
    """Log likelihood of the splits, and the share of tasks whose leading option is then right."""
    options = splits.votes.shape[1]
    votes = splits.votes.astype(np.intp)
    most = int(votes.sum(1).max())
    good = _rising(strength * right, most)
    bad = _rising(strength * (1.0 - right) / max(1, options - 1), most)
    log_chance = bad[votes].sum(1, keepdims=True) - bad[votes] + good[votes]
    top = log_chance.max(1)
    chance = np.exp(log_chance - top[:, None])
    total = chance.sum(1)
    log_likelihood = top + np.log(total / options) - _rising(strength, most)[votes.sum(1)]
    leads = chance[:, 0] / total
    return float(splits.tasks @ log_likelihood), float(splits.tasks @ leads / splits.tasks.sum())


def _rising(start: float, most: int) -> Floats:
    """Logarithms of the rising factorials of `start`, for 0 to `most` votes."""
    return np.concatenate((np.zeros(1), np.cumsum(np.log(start + np.arange(most)))))
