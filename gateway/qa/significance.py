"""The chance of a result by luck: exact tests on counts, and what to believe after many of them."""

from collections.abc import Sequence
from math import comb, erfc, exp, pi, sqrt

EXACT_MAX = 400  # Beyond this number of draws, a normal approximation is as good and much quicker.


def more_often(right: int, seen: int, other_right: int, other_seen: int) -> float:
    """Return the chance to see `right` of `seen` or more, if both counts were of one share.

    It is Fisher's one-sided exact test (1935).

    >>> round(more_often(9, 10, 2, 10), 4), more_often(0, 0, 5, 9)
    (0.0027, 1.0)
    """
    every, hits = seen + other_seen, right + other_right
    most = min(seen, hits)
    ways = sum(comb(hits, n) * comb(every - hits, seen - n) for n in range(right, most + 1))
    return ways / comb(every, seen)


def at_least(hits: int, chances: Sequence[float]) -> float:
    """Return the chance of `hits` or more successes in independent draws with their own chances.

    It is exact (the Poisson binomial distribution, one draw after the other) up to `EXACT_MAX`
    draws.

    >>> round(at_least(3, [0.5] * 3), 4), at_least(0, [0.1])
    (0.125, 1.0)
    """
    if hits <= 0:
        return 1.0
    if hits > len(chances):
        return 0.0
    if len(chances) > EXACT_MAX:
        mean = sum(chances)
        spread = sqrt(max(sum(p * (1.0 - p) for p in chances), 1e-12))
        return 0.5 * erfc((hits - 0.5 - mean) / (spread * sqrt(2.0)))
    # fewer[n] is the chance of n successes so far. Numbers beyond `hits` need no entry of their
    # own.
    fewer = [1.0] + [0.0] * (hits - 1)
    for p in chances:
        for n in range(hits - 1, 0, -1):
            fewer[n] = fewer[n] * (1.0 - p) + fewer[n - 1] * p
        fewer[0] *= 1.0 - p
    return min(1.0, max(0.0, 1.0 - sum(fewer)))


def beyond_luck(chances: Sequence[float], false_share: float) -> list[bool]:
    """Return which of many tests to believe, so that at most `false_share` of them are luck.

    Benjamini and Hochberg, "Controlling the false discovery rate" (1995). A test of a thousand
    innocent workers at one in twenty accuses fifty. This one does not.

    >>> beyond_luck([0.001, 0.04, 0.3, 0.9], 0.05)
    [True, False, False, False]
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    believed = 0
    for rank, place in enumerate(order, 1):
        if chances[place] <= false_share * rank / len(chances):
            believed = rank
    found = set(order[:believed])
    return [place in found for place in range(len(chances))]


def chi_square_beyond(x: float, freedom: int) -> float:
    """Return the chance of a chi-square value of `x` or more.

    See Abramowitz and Stegun 26.4.4 and 26.4.5.

    >>> round(chi_square_beyond(3.841, 1), 3), round(chi_square_beyond(9.488, 4), 3)
    (0.05, 0.05)
    """
    if freedom < 1 or x <= 0.0:
        return 1.0
    term, total = (exp(-x / 2.0), 0.0) if freedom % 2 == 0 else (0.0, erfc(sqrt(x / 2.0)))
    if freedom % 2:
        term = sqrt(2.0 * x / pi) * exp(-x / 2.0)
        steps = range(3, freedom + 1, 2)
        for k in steps:
            total += term
            term *= x / k
        return min(1.0, total)
    for k in range(2, freedom + 1, 2):
        total += term
        term *= x / k
    return min(1.0, total)
