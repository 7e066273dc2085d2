"""The keyed seals over transfers, answers and consents. Pure.

The seals of the ledger prove its history to a person who wrote down a head. These seals prove each
row to the gateway itself: their digests need the secret key, which the owner of the database does
not have. Each seal also holds eight bytes per row, so that an altered row is named.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

GENESIS = bytes(32)
"""The digest before the first seal of a kind."""
RANGE_MAX = 1000
"""The most numbers under one seal."""
_PLACE, _MARK = 4, 4
Stamp = Callable[[str], bytes]
SealedLines = Sequence[tuple[int, str]]
"""The number and the canonical line of each row of a range."""


@dataclass(frozen=True, slots=True)
class RecordSeal:
    """The seal over the rows of one kind from one number to another, both included."""

    kind: str
    from_id: int
    to_id: int
    rows: int
    prev: bytes
    digest: bytes
    marks: bytes


def make(
    stamp: Stamp, kind: str, prev: bytes, span: tuple[int, int], lines: SealedLines
) -> RecordSeal:
    """Make the seal over the rows of a range.

    >>> def stamp(text):
    ...     return hashlib.sha256(text.encode()).digest()
    >>> one = make(stamp, "answer", GENESIS, (1, 9), [(3, "x")])
    >>> one.rows, len(one.marks)
    (1, 8)
    """
    body = hashlib.sha256("\n".join(line for _, line in lines).encode()).hexdigest()
    first, last = span
    digest = stamp(f"{kind} {prev.hex()} {first}..{last} {len(lines)} {body}")
    marks = b"".join((number - first).to_bytes(_PLACE) + _mark(line) for number, line in lines)
    return RecordSeal(kind, first, last, len(lines), prev, digest, marks)


def faults(
    stamp: Stamp, found: RecordSeal, before: RecordSeal | None, lines: SealedLines
) -> list[str]:
    """Return the faults of a stored seal against the rows as they are now, each with its row."""
    where = f"{found.kind} {found.from_id} to {found.to_id}"
    if found.prev != (before.digest if before else GENESIS):
        return [f"{where}: the seal does not continue the preceding one"]
    if found.from_id != (before.to_id + 1 if before else 1):
        return [f"{where}: the seal does not begin where the preceding one ends"]
    again = make(stamp, found.kind, found.prev, (found.from_id, found.to_id), lines)
    if again.digest == found.digest:
        return []
    return _altered(found, again) or [f"{where}: the seal is not one of this gateway's key"]


def _altered(found: RecordSeal, again: RecordSeal) -> list[str]:
    was, now = _by_number(found), _by_number(again)
    told = [
        f"{found.kind} {number} was altered"
        for number in was
        if number in now and was[number] != now[number]
    ]
    told += [f"{found.kind} {number} was removed" for number in was if number not in now]
    told += [f"{found.kind} {number} was added" for number in now if number not in was]
    return told


def _by_number(seal: RecordSeal) -> dict[int, bytes]:
    size = _PLACE + _MARK
    parts = [seal.marks[at : at + size] for at in range(0, len(seal.marks), size)]
    return {seal.from_id + int.from_bytes(part[:_PLACE]): part[_PLACE:] for part in parts}


def _mark(line: str) -> bytes:
    return hashlib.sha256(line.encode()).digest()[:_MARK]
