"""The exact interval of a share of errors, as a random sample shows it (Clopper and Pearson 1934).

For a batch of known size the sample is drawn without replacement, so the tails are those of the
hypergeometric distribution and the interval is narrower. A sample of the whole batch leaves no
doubt, and its interval is one point.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

CONFIDENCE = 0.95
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class ErrorShare:
    """A share of errors with its two-sided 95 % interval, 0..1."""

    share: float
    """The share of errors in the sample."""
    low: float
    """The lower end of the interval."""
    high: float
    """The upper end of the interval."""
    errors: int
    """The number of errors in the sample."""
    sample: int
    """The size of the sample."""


def error_share(errors: int, sample: int, population: int | None = None) -> ErrorShare | None:
    """Return the share of errors that `errors` of a random `sample` show, or None without a sample.

    `population` is the number of tasks from which the sample was drawn; None for a very large one.

    >>> found = error_share(1, 50)
    >>> round(found.low, 4), round(found.high, 4)
    (0.0005, 0.1065)
    >>> error_share(2, 40, 40)
    ErrorShare(share=0.05, low=0.05, high=0.05, errors=2, sample=40)
    """
    if not sample:
        return None
    assert 0 <= errors <= sample
    assert population is None or sample <= population
    if population is None:
        low, high = _of_many(errors, sample)
    else:
        low, high = (wrong / population for wrong in wrong_in_batch(errors, sample, population))
    return ErrorShare(errors / sample, low, high, errors, sample)


def wrong_in_batch(
    errors: int, sample: int, population: int, confidence: float = CONFIDENCE
) -> tuple[int, int]:
    """Return the least and the greatest number of wrong tasks in a batch that fits the sample.

    >>> wrong_in_batch(0, 50, 1000)
    (0, 69)
    """
    tail = (1.0 - confidence) / 2.0
    least, most = errors, population - (sample - errors)
    low = _first(
        least, most, lambda wrong: 1.0 - _at_most(errors - 1, sample, population, wrong) > tail
    )
    over = _first(
        least, most + 1, lambda wrong: _at_most(errors, sample, population, wrong) <= tail
    )
    return low, over - 1


def _first(least: int, most: int, holds: Callable[[int], bool]) -> int:
    """Return the first number from `least` on for which `holds` is true; else `most`."""
    while least < most:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle + 1
    return least


def _at_most(errors: int, sample: int, population: int, wrong: int) -> float:
    """Return the chance of at most `errors` in a sample of a batch with `wrong` wrong tasks."""
    first = max(0, sample - (population - wrong))
    whole = _log_choose(population, sample)
    return min(
        1.0,
        sum(
            exp(_log_choose(wrong, k) + _log_choose(population - wrong, sample - k) - whole)
            for k in range(first, min(errors, wrong, sample) + 1)
        ),
    )


def _of_many(errors: int, sample: int) -> tuple[float, float]:
    tail = (1.0 - CONFIDENCE) / 2.0
    low = _share(lambda p: 1.0 - _binomial(errors - 1, sample, p) > tail) if errors else 0.0
    high = _share(lambda p: _binomial(errors, sample, p) <= tail) if errors < sample else 1.0
    return low, high


def _share(holds: Callable[[float], bool]) -> float:
    """Return the least share for which `holds` is true."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _binomial(errors: int, sample: int, share: float) -> float:
    """Return the chance of at most `errors` in a sample of very many tasks."""
    return min(
        1.0,
        sum(
            exp(_log_choose(sample, k) + k * log(share) + (sample - k) * log1p(-share))
            for k in range(errors + 1)
        ),
    )


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
