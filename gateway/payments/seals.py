"""Seals: a hash chain over ranges of the ledger's history. Pure.

Nobody can change a row, take one out, put one in or swap two without every later digest becoming
another; whoever wrote down one digest (a head) can prove it. Ranges are sealed, not rows: a chain
over rows would make all writers wait for each other.

The bytes that are hashed: the digest before (32 bytes, zeros at first), one line that names the
range, then one line for each transfer in the order of `seq`, as PostgreSQL prints a JSON array:
[seq, id, debit, credit, amount in minor units, currency, code, cause, microseconds since 1970 UTC];
accounts by their names (kind:owner:currency), so that an account cannot change its owner either.
Lines end with a newline.
"""

import hashlib
from dataclasses import dataclass

GENESIS = bytes(32)
"""What the first seal stands on."""
RANGE_MAX = 1000
"""Rows at most under one seal."""


@dataclass(frozen=True, slots=True)
class Seal:
    """`from_seq` to `to_seq`, both included, hold `transfers` rows.

    `prev` is the digest of the seal before.
    """

    from_seq: int
    to_seq: int
    transfers: int
    prev: bytes
    digest: bytes


def make(prev: bytes, from_seq: int, to_seq: int, lines: str, transfers: int) -> Seal:
    """The seal over `lines`: the canonical lines of all transfers of the range, joined by newlines.

    >>> one = make(GENESIS, 1, 2, '[1, "a"]', 1)
    >>> two = make(one.digest, 3, 3, '[3, "c"]', 1)
    >>> two == make(one.digest, 3, 3, '[3, "c"]', 1), two == make(GENESIS, 3, 3, '[3, "c"]', 1)
    (True, False)
    """
    assert len(prev) == len(GENESIS)
    head = f"{from_seq}..{to_seq}: {transfers}\n"
    body = f"{lines}\n" if lines else ""
    digest = hashlib.sha256(prev + (head + body).encode()).digest()
    return Seal(from_seq, to_seq, transfers, prev, digest)


def fault(found: Seal, before: Seal | None, again: Seal) -> str | None:
    """What is wrong with a stored seal, given the one before it and the same range hashed `again`; None when nothing."""
    where = f"transfers {found.from_seq} to {found.to_seq}"
    if found.prev != (before.digest if before else GENESIS):
        return f"{where}: the seal does not stand on the one before it"
    if found.from_seq != (before.to_seq + 1 if before else 1):
        return f"{where}: the seal does not begin where the one before it ends"
    if again.transfers != found.transfers:
        return f"{where}: {found.transfers} rows were sealed, {again.transfers} are there"
    if again.digest != found.digest:
        return f"{where}: the rows are not the ones that were sealed"
    return None
