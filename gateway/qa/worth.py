"""Is one more answer worth its price? Expected gain of asking on, in shares of an error's cost.

A question is between its two leading options; one more answer moves the log-odds between them by a
known step, up or down. Over the answers that may still be asked this is a small optimal stopping
problem, solved backwards exactly (Wald's sequential test, priced). Looking one answer ahead would
not do: at 9 to 1 no single answer can turn the decision, but two can.
"""

from math import exp, log
from typing import NamedTuple

LOOKAHEAD = 5  # answers; beyond that a further one changes the gain by less than a percent
SKILL_MAX = 0.99


class Belief(NamedTuple):
    """What the answers so far say: the best value, its chance, and the chance of the next one."""

    value: str
    leader: float
    runner_up: float


def gain(
    belief: Belief, *, skill: float, options: int, answers_left: int, price: float, weight: float
) -> float:
    """Expected net gain of asking at least one more worker; negative when it is not worth it.

    `price` of one answer and the result are in units of what a wrong value costs. `skill` is the
    chance that whoever is asked next is right, `options` how many there are to choose from,
    `weight` (0..1] how much of an independent answer's evidence one more is worth.

    >>> torn, sure = Belief("a", 0.5, 0.5), Belief("a", 0.99, 0.01)
    >>> ask = dict(skill=0.8, options=2, answers_left=3, price=0.02, weight=1.0)
    >>> gain(torn, **ask) > 0.2, gain(sure, **ask) < 0
    (True, True)
    """
    depth = min(LOOKAHEAD, answers_left)
    pair = belief.leader + belief.runner_up
    if depth < 1 or pair <= 0.0:
        return -price
    slip = (1.0 - min(skill, SKILL_MAX)) / max(1, options - 1)
    right = max(min(skill, SKILL_MAX), slip)
    step = weight * log(right / slip)
    odds_against = belief.runner_up / max(belief.leader, 1e-12)
    chances = [1.0 / (1.0 + odds_against * exp(-step * d)) for d in range(-depth, depth + 1)]
    settled = [max(chance, 1.0 - chance) for chance in chances]
    neither = max(0.0, 1.0 - right - slip)  # the answer is for a third option: no news
    price_of_pair = price / pair  # it is paid also when the truth is a third option
    values = settled
    asking = 0.0
    for left in range(1, depth + 1):
        reach = depth - left
        nearer = list(values)
        for d in range(depth - reach, depth + reach + 1):
            up = chances[d] * right + (1.0 - chances[d]) * slip
            down = chances[d] * slip + (1.0 - chances[d]) * right
            asking = up * values[d + 1] + down * values[d - 1] + neither * values[d] - price_of_pair
            nearer[d] = max(settled[d], asking)
        values = nearer
    return pair * (asking - settled[depth])
