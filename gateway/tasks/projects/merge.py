"""The merging of rows that workers found to be the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MergedRows:
    """Rows that are one, by their places in order.

    - `confidence` is that of the weakest link between them; 1.0 for a row of its own.
    - `disputed` says that two of them were found to be different although a third equals both.
    """

    places: tuple[int, ...]
    confidence: float
    disputed: bool = False


def merge_rows(
    count: int,
    same: Iterable[tuple[int, int]],
    accepted: Mapping[tuple[int, int], float],
    rejected: Iterable[tuple[int, int]],
) -> list[MergedRows]:
    """Return every row in exactly one group, the groups in the order of their first rows."""
    parent = list(range(count))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def unite(one: int, other: int) -> bool:
        a, b = sorted((root(one), root(other)))
        parent[b] = a
        return a != b

    for one, other in same:
        unite(one, other)
    links = list[tuple[int, float]]()
    # The surest links come first, so that a weak one counts only where it is needed.
    for (one, other), confidence in sorted(accepted.items(), key=lambda each: (-each[1], each[0])):
        if unite(one, other):
            links.append((one, confidence))
    weakest = dict[int, float]()
    for place, confidence in links:
        group = root(place)
        weakest[group] = min(confidence, weakest.get(group, 1.0))
    disputed = {root(one) for one, other in rejected if root(one) == root(other)}
    groups = dict[int, list[int]]()
    for place in range(count):
        groups.setdefault(root(place), []).append(place)
    return [
        MergedRows(tuple(places), weakest.get(group, 1.0), group in disputed)
        for group, places in sorted(groups.items())
    ]


def merged_cells(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the first value of each column, and all different values that it leaves out.

    >>> merged_cells([("Njeri", ""), ("Njeri Shop", "0711")])
    (['Njeri', '0711'], [(0, 'Njeri Shop')])
    """
    cells, others = list[str](), list[tuple[int, str]]()
    for column, values in enumerate(zip(*rows, strict=True)):
        different = list(dict.fromkeys(value for value in values if value))
        cells.append(different[0] if different else "")
        others += [(column, value) for value in different[1:]]
    return cells, others
