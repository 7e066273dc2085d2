"""The evenness of earnings: the Gini coefficient, and whose turn it is."""

from collections.abc import Iterable


def gini(amounts: Iterable[int]) -> float:
    """Return the Gini coefficient: 0 where all earned the same, near 1 where one earned all.

    >>> gini([5, 5, 5]), round(gini([0, 0, 0, 10]), 2), gini([])
    (0.0, 0.75, 0.0)
    """
    ordered = sorted(amounts)
    whole = sum(ordered)
    if not whole:
        return 0.0
    weighted = sum(place * amount for place, amount in enumerate(ordered, 1))
    number = len(ordered)
    return (2 * weighted - (number + 1) * whole) / (number * whole)
