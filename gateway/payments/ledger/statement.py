"""A worker's statement: every movement of her earnings, printable on any paper, with a checksum.

Pure.

Everything on it follows from ledger rows that never change, up to one transfer number. So the same
statement can be printed again at any later time, and a printed one can be compared with the books
letter by letter. The name stands above the checked part, because a name may be corrected.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.base.money import MINOR_DIGITS, minor_per_major

# The alphabet of references: no vowels, and no characters that look alike.
_CODES = "23456789BCDFGHJKMNPQRSTVWXZ"
_CODE_LENGTH = 16
_WIDTH = 78
_HEAD = re.compile(
    r"^Worker (?P<worker>\d+), (?P<currency>[A-Z]{3}), (?P<first>\d{4}-\d\d-\d\d) to (?P<last>\d{4}-\d\d-\d\d) UTC, transfers up to (?P<to_seq>\d+)\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class EarningsLine:
    """A line of a worker's statement of earnings: a time, a text and an amount.

    `amount_minor` is above zero for money that came into the worker's balance, below zero for money
    that left it, and 0 for a line that only informs.
    """

    at: datetime
    what: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The identity of a statement.

    `to_seq` is the number of the last transfer in it.
    """

    worker: int
    currency: str
    first: date
    last: date
    to_seq: int


def render(scope: Scope, name: str, before_minor: int, lines: Sequence[EarningsLine]) -> str:
    """Return the whole text of a statement.

    `before_minor` is the balance on the morning of the first day.
    """
    body = _body(scope, before_minor, lines)
    return f"STATEMENT OF EARNINGS\n{name}\n\n{body}\nChecksum {checksum(body)}\n"


def checksum(body: str) -> str:
    """Return 16 characters over the checked part, in groups of four.

    >>> checksum("nothing")
    'HFGZ-9TJ8-NQN3-MKXX'
    """
    number = int.from_bytes(hashlib.sha256(body.encode()).digest(), "big")
    signs = ""
    for _ in range(_CODE_LENGTH):
        number, sign = divmod(number, len(_CODES))
        signs += _CODES[sign]
    return "-".join(signs[n : n + 4] for n in range(0, _CODE_LENGTH, 4))


def scope_of(text: str) -> Scope | None:
    """Return the identity that a printed statement claims, or None for another text."""
    found = _HEAD.search(text)
    if not found:
        return None
    try:
        first, last = date.fromisoformat(found["first"]), date.fromisoformat(found["last"])
    except ValueError:
        return None
    return Scope(int(found["worker"]), found["currency"], first, last, int(found["to_seq"]))


def differences(said: str, right: str) -> list[str]:
    """Return the lines of the checked part that differ, at most ten.

    The list is empty for a genuine statement.
    """
    ours, theirs = _checked(right), _checked(said)
    found = [
        f"line {n}: it says {one.strip()!r}, the books say {other.strip()!r}"
        for n, (one, other) in enumerate(zip(theirs, ours, strict=False), 1)
        if one != other
    ]
    if len(ours) != len(theirs):
        found.append(f"it has {len(theirs)} lines, but the books give {len(ours)}")
    return found[:10]


def _checked(text: str) -> list[str]:
    """Return the lines from the one that names the worker on.

    Blanks at line ends are removed, because printers add and remove them.
    """
    lines = [line.rstrip() for line in text.strip().splitlines()]
    start = next((n for n, line in enumerate(lines) if line.startswith("Worker ")), 0)
    return lines[start:]


def _body(scope: Scope, before_minor: int, lines: Sequence[EarningsLine]) -> str:
    s, balance_minor = scope, before_minor
    rows = [
        f"Worker {s.worker}, {s.currency}, {s.first} to {s.last} UTC, transfers up to {s.to_seq}",
        "",
        _row("Date", "", "Amount", "Balance"),
        _row(str(s.first), "Brought forward", "", _plain(balance_minor, s.currency)),
    ]
    for line in lines:
        balance_minor += line.amount_minor
        amount = _plain(line.amount_minor, s.currency) if line.amount_minor else ""
        rows.append(
            _row(f"{line.at:%Y-%m-%d}", line.what, amount, _plain(balance_minor, s.currency))
        )
    came = sum(line.amount_minor for line in lines if line.amount_minor > 0)
    went = -sum(line.amount_minor for line in lines if line.amount_minor < 0)
    rows += [
        "",
        f"In {_plain(came, s.currency)}, out {_plain(went, s.currency)}, balance {_plain(balance_minor, s.currency)} {s.currency}",
    ]
    return "\n".join(row.rstrip() for row in rows)


def _row(day: str, what: str, amount: str, balance: str) -> str:
    room = _WIDTH - 11 - 13 - 13
    return f"{day:<11}{what[: room - 1]:<{room}}{amount:>13}{balance:>13}"


def _plain(minor: int, currency: str) -> str:
    """Return an amount with all its digits, so that columns line up."""
    per, digits = minor_per_major(currency), MINOR_DIGITS[currency]
    major, rest = divmod(abs(minor), per)
    sign = "-" if minor < 0 else ""
    return f"{sign}{major:,}" + (f".{rest:0{digits}d}" if digits else "")
