"""The expected gain of one more answer, in shares of an error's cost.

A question is between its two leading options. One more answer moves the log-odds between them by a
known step, up or down. Over the answers that may still be asked this is a small optimal stopping
problem, solved backwards exactly (Wald's sequential test, priced). A look one answer ahead would
not do: at 9 to 1 no single answer can turn the decision, but two can.
"""

from functools import lru_cache
from math import exp, log
from typing import NamedTuple

# Beyond this number of answers, a further one changes the gain by less than a percent.
LOOKAHEAD = 5
SKILL_MAX = 0.99
ODDS_MIN, PRICE_MIN = 1e-12, 1e-6
# `quick_gain` remembers log-odds in steps of 1/8 and prices in steps of 2 %. `LADDERS` limits the
# number of remembered prices (20 MB at most).
KNOT, PRICE_STEP, LADDERS = 0.125, 0.02, 1_024


class Belief(NamedTuple):
    """The result of the answers so far.

    It has the best value, its chance, and the chance of the next one.
    """

    value: str
    leader: float
    runner_up: float


class AnswerProspect(NamedTuple):
    """The prospect of one more answer.

    It has the chance that the next worker is right, and the numbers of options and of answers left.
    `weight` (0..1] is how much of an independent answer's evidence one more is worth.
    """

    skill: float
    options: int
    answers_left: int
    weight: float


def gain(belief: Belief, asked: AnswerProspect, price: float) -> float:
    """Return the expected net gain of asking at least one more worker.

    It is negative when asking is not worth it. `price` of one answer and the result are in units of
    the cost of a wrong value.

    >>> torn, sure = Belief("a", 0.5, 0.5), Belief("a", 0.99, 0.01)
    >>> stranger = AnswerProspect(skill=0.8, options=2, answers_left=3, weight=1.0)
    >>> gain(torn, stranger, 0.02) > 0.2, gain(sure, stranger, 0.02) < 0
    (True, True)
    """
    pair = belief.leader + belief.runner_up
    if asked.answers_left < 1 or pair <= 0.0:
        return -price
    odds_against = max(belief.runner_up, ODDS_MIN) / belief.leader
    # The price is paid also when the truth is a third option.
    return pair * _gain_of_pair(odds_against, asked, price / pair)


def quick_gain(leader: float, runner_up: float, asked: AnswerProspect, price: float) -> float:
    """Return the `gain` for the judge of single answers, read off between remembered points.

    It takes a microsecond or two. Prices are remembered to `PRICE_STEP`, log-odds to `KNOT`, so
    that a batch's answers share their points. A value between two points is interpolated.
    """
    pair = leader + runner_up
    if asked.answers_left < 1 or pair <= 0.0:
        return -price
    place = log(leader / max(ODDS_MIN, runner_up)) / KNOT
    knot = int(place)
    known = _ladder(round(log((price or PRICE_MIN) / pair) / PRICE_STEP), asked)
    nearer = known[knot]
    return pair * (nearer + (place - knot) * (known[knot + 1] - nearer))


class _Ladder(dict[int, float]):
    """The gains at log-odds of 0, 1, 2, ... `KNOT`, computed when first asked for."""

    def __init__(self, asked: AnswerProspect, price: float) -> None:
        super().__init__()
        self.asked, self.price = asked, price

    def __missing__(self, knot: int) -> float:
        found = self[knot] = _gain_of_pair(exp(-KNOT * knot), self.asked, self.price)
        return found


@lru_cache(maxsize=LADDERS)
def _ladder(price_step: int, asked: AnswerProspect) -> _Ladder:
    return _Ladder(asked, exp(PRICE_STEP * price_step))


def _gain_of_pair(odds_against: float, asked: AnswerProspect, price: float) -> float:
    """Return the gain when the truth is one of the two leading options.

    `odds_against` are the odds against the first.
    """
    depth = min(LOOKAHEAD, asked.answers_left)
    slip = (1.0 - min(asked.skill, SKILL_MAX)) / max(1, asked.options - 1)
    right = max(min(asked.skill, SKILL_MAX), slip)
    step = asked.weight * log(right / slip)
    chances = [1.0 / (1.0 + odds_against * exp(-step * d)) for d in range(-depth, depth + 1)]
    settled = [max(chance, 1.0 - chance) for chance in chances]
    # The answer is for a third option, which says nothing about the two.
    neither = max(0.0, 1.0 - right - slip)
    values = settled
    asking = 0.0
    for left in range(1, depth + 1):
        reach = depth - left
        nearer = list(values)
        for d in range(depth - reach, depth + reach + 1):
            up = chances[d] * right + (1.0 - chances[d]) * slip
            down = chances[d] * slip + (1.0 - chances[d]) * right
            asking = up * values[d + 1] + down * values[d - 1] + neither * values[d] - price
            nearer[d] = max(settled[d], asking)
        values = nearer
    return asking - settled[depth]
