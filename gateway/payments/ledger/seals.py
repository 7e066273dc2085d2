"""The seals: a hash chain over ranges of the ledger's history. Pure.

A row that is changed, removed, inserted or swapped makes every later digest differ. A reader who
wrote down one digest (a head) can prove it. Ranges are sealed and not rows, because a chain over
rows would make all writers wait for each other.

The hashed bytes begin with the preceding digest (32 bytes, zeros at first). One line that names the
range follows, and then one line per transfer in the order of `seq`. Each is a JSON array as
PostgreSQL prints it:

    [seq, id, debit, credit, amount in minor units, currency, code, cause, microseconds since 1970]

The time is in UTC. Accounts stand by their names (kind:owner:currency), so that an account cannot
change its owner either. Lines end with a newline.
"""

import hashlib
from dataclasses import dataclass

GENESIS = bytes(32)
"""The digest before the first seal."""
RANGE_MAX = 1000
"""The most rows under one seal."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal over the `transfers` rows from `from_seq` to `to_seq`, both included.

    `prev` is the digest of the preceding seal.
    """

    from_seq: int
    to_seq: int
    transfers: int
    prev: bytes
    digest: bytes


def make(prev: bytes, from_seq: int, to_seq: int, lines: str, transfers: int) -> Seal:
    """Make the seal over `lines`.

    `lines` are the canonical lines of all transfers of the range, joined by newlines.

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
    """Return the fault of a stored seal, or None when it has none.

    `before` is the preceding seal, and `again` the seal of the same range as hashed now.
    """
    where = f"transfers {found.from_seq} to {found.to_seq}"
    if found.prev != (before.digest if before else GENESIS):
        return f"{where}: the seal does not continue the digest of the preceding one"
    if found.from_seq != (before.to_seq + 1 if before else 1):
        return f"{where}: the seal does not begin where the preceding one ends"
    if again.transfers != found.transfers:
        return f"{where}: {found.transfers} rows were sealed, but {again.transfers} exist"
    if again.digest != found.digest:
        return f"{where}: the rows are not the ones that were sealed"
    return None
