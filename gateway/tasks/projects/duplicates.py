"""The search for rows that may be duplicates: blocking by words, then similarity.

Comparing every row with every other one would take too long. Two rows are compared when they share
a key: a word, or the beginning or the end of one. A key that too many rows share says nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from gateway.base.errors import Refused
from gateway.phrases.hearing import fold

_WORD_LEAST, _EDGE = 3, 4


@dataclass(frozen=True, slots=True)
class CandidatePair:
    """Two rows, by their places, that may be the same, with their similarity (0 to 1)."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The pairs to be verified, and the rows that are the same without a doubt."""

    pairs: tuple[CandidatePair, ...]
    same: tuple[tuple[int, int], ...]


def find_duplicates(
    rows: Sequence[Sequence[str]], similar: float, block: int, pairs_max: int
) -> Duplicates:
    """Return the candidates among rows of compared cells, in order.

    Rows that are equal but for case, accents and punctuation need no question: each is paired with
    the first of them, and only the first is compared with other rows. Raises Refused where there
    are more pairs than `pairs_max`.
    """
    folded = [tuple(fold(cell) for cell in row) for row in rows]
    first_of = dict[tuple[str, ...], int]()
    same = list[tuple[int, int]]()
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for place, cells in enumerate(folded):
        if not any(cells):
            continue
        earlier = first_of.setdefault(cells, place)
        if earlier != place:
            same.append((earlier, place))
            continue
        for key in _keys(cells):
            blocks[key].append(place)
    found = dict[tuple[int, int], float]()
    for members in blocks.values():
        if len(members) > block:
            continue
        for pair in combinations(members, 2):
            if pair not in found:
                found[pair] = similarity(folded[pair[0]], folded[pair[1]])
    pairs = [CandidatePair(a, b, round(s, 3)) for (a, b), s in found.items() if s >= similar]
    if len(pairs) > pairs_max:
        raise Refused(
            f"{len(pairs):,} pairs of rows look alike; at most {pairs_max:,} can be verified in one "
            "project: compare more columns (parameters.compare), or send the rows in parts"
        )
    return Duplicates(tuple(sorted(pairs, key=lambda p: (p.first, p.second))), tuple(same))


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return how similar two rows of folded cells are, from 0 to 1.

    Cells are compared column by column; a column that is empty in one row says nothing. The order
    of the words in a cell does not matter.

    >>> similarity(("mama njeri shop", "kibera"), ("shop mama njeri", ""))
    1.0
    """
    weight, total = 0, 0.0
    for a, b in zip(one, other, strict=True):
        if a and b:
            size = len(a) + len(b)
            weight += size
            total += size * fuzz.token_sort_ratio(a, b) / 100
    return total / weight if weight else 0.0


def _keys(cells: Sequence[str]) -> set[str]:
    words = {word for cell in cells for word in cell.split() if len(word) >= _WORD_LEAST}
    return (
        words
        | {f"{word[:_EDGE]}-" for word in words if len(word) > _EDGE}
        | {f"-{word[-_EDGE:]}" for word in words if len(word) > _EDGE}
    )
