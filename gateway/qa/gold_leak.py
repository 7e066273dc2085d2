"""The detection of leaked gold.

A worker who knows the old gold by heart does worse on gold that no worker has seen before. Both
shares of a worker come from the same days and kind, so that difficulty and learning affect both.
The caller calls gold `old` when other workers (best: of the same partner) have had time to pass it
on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.qa.significance import beyond_luck, more_often

FALSE_SHARE = 0.05  # The share of findings that are luck, if there were no other tests.
FRESH_MIN = 5  # The answers to fresh gold that the comparison needs.


@dataclass(frozen=True, slots=True)
class Seen:
    """The number of answers to gold, and the number of right ones."""

    right: int
    seen: int

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.right + other.right, self.seen + other.seen)


@dataclass(frozen=True, slots=True)
class Leak:
    """A worker, a partner or a gold task that does better on old gold than luck explains.

    `chance` is that of so large a gap if there were no leak.
    """

    who: str
    old: Seen
    fresh: Seen
    chance: float


def leaks(
    tested: Mapping[str, tuple[Seen, Seen]], *, false_share: float = FALSE_SHARE
) -> list[Leak]:
    """Return the leaks among workers, partners or gold tasks, surest first.

    Values are (old, fresh). Partners are sums of their workers. For gold tasks themselves, `old`
    are late showings and `fresh` first ones: a leaked task is worn out and should leave the bank.

    >>> amina, bank = (Seen(19, 20), Seen(9, 10)), (Seen(30, 30), Seen(4, 12))
    >>> [leak.who for leak in leaks({"amina": amina, "bank": bank})]
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
