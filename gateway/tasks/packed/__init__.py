"""The reading of one reply to several numbered questions: `1A 2C 3B`, `ACB`, `1 a, 2c`, `a1 c2`.

Items have numbers and options have letters, so that no sign can mean both. I, L and O are no
option's letter, because they look like 1 and 0. Reading is tolerant of the way workers type and
strict about the meaning:

- number and letter in one word (`1A`, `A1`) belong together, whatever separates such words;
- apart (`1 A 2 B`), they are paired in the one order, number first or letter first, that fits.
  Where both orders or
  none fit, no answer is taken;
- options alone (`ACB`, `yes no yes`) count only when their number equals that of the items asked;
- an unknown word makes its neighbours unclear, and an item with two answers has none.

An answer is therefore recorded only where there is one way to read it. The other items are asked
again.
"""

from gateway.tasks.packed.answers import PackReading, agreed, clause, clauses, flat, whole
from gateway.tasks.packed.tokens import (
    ITEM_MAX,
    KEYS,
    PACK_MAX,
    SKIP,
    Meanings,
    Packed,
    packable,
    tokens,
)

__all__ = [
    "ITEM_MAX",
    "KEYS",
    "PACK_MAX",
    "SKIP",
    "Meanings",
    "PackReading",
    "Packed",
    "packable",
    "read_packed",
]


def read_packed(said: str, asked: Packed) -> PackReading:
    """Return the answers that a reply gives to each item, without guessing."""
    heard = tokens(said, asked)
    meant = [token for token in heard if token.what != "comma"]
    all_at_once = whole(meant, asked)
    if all_at_once is not None:
        return all_at_once
    found: list[tuple[int, str | None]] = []
    parts = clauses(heard)
    if parts is not None:
        for part, poisoned in parts:
            found += [(n, None if poisoned else v) for n, v in clause(part)]
    else:
        found = flat(meant)
    unknown = sum(token.what in ("unknown", "all") for token in meant)
    if unknown > len(meant) - unknown:  # Prose that contains a number is not a list of answers.
        found = [(number, None) for number, _ in found]
    # A number that was never asked answers nothing.
    return agreed([(number, value) for number, value in found if number in asked.known])
