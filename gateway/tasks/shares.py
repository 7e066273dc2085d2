"""The shares of a batch's work for partners, dealt out evenly from the first task to the last."""

from collections.abc import Iterator, Mapping


def deal_tasks(count: int, shares: Mapping[str, float]) -> Iterator[str | None]:
    """Yield, for each of `count` tasks in order, the partner for whose workers it is kept.

    None stands for a task that is open to all workers. Any part of the tasks contains about each
    partner's share.

    >>> list(deal_tasks(6, {"KIBERA": 0.5, "MATHARE": 1 / 3}))
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
