"""The kinds of simulated worker, and the draws that decide what each does. It is pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True)
class Trait:
    """The habits of one kind of simulated worker."""

    right: float
    """The share of her answers that are right."""
    unclear: float
    """The share of her replies that cannot be understood at first."""
    think_s: tuple[float, float]
    """The least and the most seconds between a question and her answer, before compression."""
    stops_after: int | None = None
    """The number of answers after which she sends STOP; None for never."""


KINDS: Final[Mapping[str, Trait]] = {
    "careful": Trait(right=0.96, unclear=0.01, think_s=(10.0, 40.0)),
    "careless": Trait(right=0.62, unclear=0.10, think_s=(5.0, 15.0)),
    "slow": Trait(right=0.93, unclear=0.02, think_s=(120.0, 600.0)),
    "stopping": Trait(right=0.93, unclear=0.02, think_s=(10.0, 40.0), stops_after=4),
    UNREACHABLE: Trait(right=0.0, unclear=0.0, think_s=(60.0, 60.0)),
}
USUAL: Final[Mapping[str, int]] = {
    "careful": 6,
    "careless": 1,
    "slow": 1,
    "stopping": 1,
    UNREACHABLE: 1,
}
"""The usual crowd."""
EACH_MAX: Final = 50
"""The most simulated workers of one kind."""


def drawn(*cause: object) -> float:
    """Return a number from 0 to 1 that follows from its cause, so that a seed repeats a crowd.

    >>> drawn("7", 1, "t1") == drawn("7", 1, "t1"), 0 <= drawn("8", 1, "t1") < 1
    (True, True)
    """
    text = "\0".join(map(str, cause)).encode()
    return int.from_bytes(blake2b(text, digest_size=7).digest()) / 2**56


def members(kinds: Mapping[str, int]) -> list[str]:
    """Return the kind of each place of a crowd, the kinds taking turns.

    >>> members({"careful": 2, "careless": 1})
    ['careful', 'careless', 'careful']
    """
    left = {kind: count for kind, count in kinds.items() if kind in KINDS and count > 0}
    found = list[str]()
    while left:
        found += left
        left = {kind: count - 1 for kind, count in left.items() if count > 1}
    return found
