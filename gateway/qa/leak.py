"""Has gold leaked? Who knows the old gold by heart does worse on gold nobody has seen before.

Both shares of a worker come from the same days and kind, so that difficulty and learning fall on
both; the caller calls gold `old` when others (best: of the same partner) have had time to pass it
on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.qa.chance import beyond_luck, more_often

FALSE_SHARE = 0.05  # of the findings, if the tests were all there is
FRESH_MIN = 5  # answers to fresh gold before the comparison says anything


@dataclass(frozen=True, slots=True)
class Seen:
    """Answers to gold: how many, and how many of them right."""

    right: int
    seen: int

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.right + other.right, self.seen + other.seen)


@dataclass(frozen=True, slots=True)
class Leak:
    """Someone (a worker, a partner, a gold task) knows old gold better than luck explains.

    `chance` is that of so large a gap were there no leak.
    """

    who: str
    old: Seen
    fresh: Seen
    chance: float


def leaks(
    tested: Mapping[str, tuple[Seen, Seen]], *, false_share: float = FALSE_SHARE
) -> list[Leak]:
    """Whose old gold is too good for their fresh gold; surest first. Values are (old, fresh).

    Works for workers, for partners (sums of their workers), and for gold tasks themselves (`old` =
    late showings, `fresh` = first ones): then the task is worn out and should leave the bank.

    >>> [leak.who for leak in leaks({"amina": (Seen(19, 20), Seen(9, 10)), "bank": (Seen(30, 30), Seen(4, 12))})]
    ['bank']
    """
    enough = {who: pair for who, pair in tested.items() if pair[1].seen >= FRESH_MIN}
    found = [
        Leak(who, old, fresh, more_often(old.right, old.seen, fresh.right, fresh.seen))
        for who, (old, fresh) in enough.items()
    ]
    believed = beyond_luck([leak.chance for leak in found], false_share)
    kept = [leak for leak, sure in zip(found, believed, strict=True) if sure]
    return sorted(kept, key=lambda leak: (leak.chance, leak.who))
