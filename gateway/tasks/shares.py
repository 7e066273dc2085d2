"""The shares of a batch's work for partners, dealt out evenly from the first task to the last."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

_PERIOD: Final = 10_000
"""The number of tasks after which shares of four digits have all had exactly their part."""


def deal_tasks(count: int, shares: Mapping[str, float], after: int = 0) -> Iterator[str | None]:
    """Yield, for each of `count` tasks in order, the partner for whose workers it is kept.

    None stands for a task that is open to all workers. Any part of the tasks contains about each
    partner's share. With `after` it continues behind this number of tasks, and small uploads then
    contain the same shares as a large one.

    >>> list(deal_tasks(6, {"KIBERA": 0.5, "MATHARE": 1 / 3}))
    ['KIBERA', 'MATHARE', None, 'KIBERA', 'MATHARE', 'KIBERA']
    >>> [*deal_tasks(1, {"KIBERA": 0.5}, after=0), *deal_tasks(1, {"KIBERA": 0.5}, after=1)]
    ['KIBERA', None]
    """
    before = after % _PERIOD
    return islice(_dealt(before + count, shares), before, None)


def _dealt(count: int, shares: Mapping[str, float]) -> Iterator[str | None]:
    due = dict.fromkeys((*shares, None), 0.0)
    weights: dict[str | None, float] = {**shares, None: max(0.0, 1.0 - sum(shares.values()))}
    for _ in range(count):
        for who, weight in weights.items():
            due[who] += weight
        most = max(due, key=lambda who: (due[who], weights[who]))
        due[most] -= 1.0
        yield most
