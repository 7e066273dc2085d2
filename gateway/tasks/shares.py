"""Shares of a batch's work for partners: which task is kept for whose workers, dealt out evenly from first to last."""

from collections.abc import Iterator, Mapping


def dealt(count: int, shares: Mapping[str, float]) -> Iterator[str | None]:
    """For each of `count` tasks in order the partner it is kept for, None = anybody's; whatever part is looked at, each
    has about its share of it.

    >>> list(dealt(6, {"KIBERA": 0.5, "MATHARE": 1 / 3}))
    ['KIBERA', 'MATHARE', None, 'KIBERA', 'MATHARE', 'KIBERA']
    """
    due = dict.fromkeys((*shares, None), 0.0)
    weights: dict[str | None, float] = {**shares, None: max(0.0, 1.0 - sum(shares.values()))}
    for _ in range(count):
        for who, weight in weights.items():
            due[who] += weight
        most = max(due, key=lambda who: (due[who], weights[who]))
        due[most] -= 1.0
        yield most
