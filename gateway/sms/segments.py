"""What a text weighs on the air: its encoding, its units, and the parts the network bills.

A part is 140 octets: 160 septets or 70 UTF-16 units alone, 153 or 67 with the header that joins the
parts of a long SMS (3GPP TS 23.040 section 9.2.3.24.1). What takes two units (an escape pair, a
surrogate pair) is never cut in half, so a part may end with an empty unit: that is where most
counters are wrong.
"""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from gateway.sms import alphabet

Encoding = Literal["GSM7", "UCS2"]

# Octets of user data in one SMS, and of headers: the length octet, joining parts, naming one
# national table.
_OCTETS, _LENGTH, _JOIN, _TABLE = 140, 1, 5, 3


class Count(NamedTuple):
    """`units` are septets (GSM7) or 16-bit units (UCS2); `units_left` is the room until one more part is billed.
    `table` names the national shift tables used, e.g. `pt single`; None for the default alphabet."""

    encoding: Encoding
    units: int
    segments: int
    units_left: int
    table: str | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to write a text: what it can hold, which characters take two units, and the units of a part.
    None stands for UCS-2's answer: it holds everything, and beyond U+FFFF takes a surrogate pair."""

    encoding: Encoding
    table: str | None
    holds: frozenset[str] | None
    double: frozenset[str] | None
    alone: int
    joined: int

    def can(self, chars: frozenset[str]) -> bool:
        return self.holds is None or chars <= self.holds

    def doubles(self, chars: frozenset[str]) -> frozenset[str]:
        """Which of `chars` take two units."""
        if self.double is None:
            return frozenset(ch for ch in chars if ch > "\uffff")
        return chars & self.double

    def weigh(self, text: str, chars: frozenset[str]) -> Count:
        """`chars` is the set of `text`, made once for all ways."""
        doubles = self.doubles(chars)
        units = len(text) + sum(map(text.count, doubles))
        if units <= self.alone:
            return Count(self.encoding, units, 1, self.alone - units, self.table)
        at = _positions(text, doubles)
        borders = _borders(text, at, self.joined)
        filled = len(text) - borders[-1] + len(at) - bisect_left(at, borders[-1])
        return Count(self.encoding, units, len(borders) + 1, self.joined - filled, self.table)


def _positions(text: str, chars: frozenset[str]) -> list[int]:
    return [i for i, ch in enumerate(text) if ch in chars] if chars else []


def _septets(header_octets: int) -> int:
    """What is left of a part for septets: the header is padded to a septet border."""
    return (_OCTETS - header_octets) * 8 // 7


def _gsm7(table: str | None, one: frozenset[str], two: frozenset[str], tables: int) -> _Way:
    named = tables * _TABLE
    alone = _septets(_LENGTH + named if tables else 0)
    return _Way("GSM7", table, one | two, two - one, alone, _septets(_LENGTH + _JOIN + named))


_DEFAULT = _gsm7(None, alphabet.BASIC, alphabet.EXTENSION, 0)
_UCS2 = _Way("UCS2", None, None, None, _OCTETS // 2, (_OCTETS - _LENGTH - _JOIN) // 2)
_BASIC_ONLY = re.compile(f"[{re.escape(''.join(sorted(alphabet.BASIC)))}]*")


@lru_cache
def _ways(shift: str | None) -> tuple[_Way, ...]:
    """The ways open to a channel, the plainest first: more phones can show it."""
    if shift is None:
        return (_DEFAULT, _UCS2)
    tables = alphabet.shift(shift)
    single = _gsm7(f"{shift} single", alphabet.BASIC, tables.single, 1)
    if tables.locking is None:
        return (_DEFAULT, single, _UCS2)
    locking = _gsm7(f"{shift} locking", tables.locking, alphabet.EXTENSION, 1)
    both = _gsm7(f"{shift} locking and single", tables.locking, tables.single, 2)
    return (_DEFAULT, single, locking, both, _UCS2)


@lru_cache(maxsize=4096)
def count(text: str, shift: str | None = None) -> Count:
    """How the network carries `text`.

    `shift`: the language whose national tables the channel can send.

    >>> count("a" * 161)
    Count(encoding='GSM7', units=161, segments=2, units_left=145, table=None)
    >>> count("ŋ" * 70).segments, count("a" * 152 + "{" + "a" * 152).segments, count("").segments
    (1, 3, 1)
    """
    if _BASIC_ONLY.fullmatch(text):  # nearly every text: one unit a character, nothing to look for
        units = len(text)
        if units <= _DEFAULT.alone:
            return Count("GSM7", units, 1, _DEFAULT.alone - units)
        segments = -(-units // _DEFAULT.joined)
        return Count("GSM7", units, segments, segments * _DEFAULT.joined - units)
    return _best(text, shift)[1]


def parts(text: str, shift: str | None = None) -> list[str]:
    """`text` as the parts the network would send, in order; as many as `count` says.

    Letters with their marks and emoji with their joiners stay whole where that costs no further
    part.
    """
    way, counted = _best(text, shift)
    if counted.segments == 1:
        return [text]
    doubles = _positions(text, way.doubles(frozenset(text)))
    borders = _borders(text, doubles, way.joined)
    if way is _UCS2:
        whole = _borders(text, doubles, way.joined, _joints(text))
        borders = whole if len(whole) == len(borders) else borders
    edges = [0, *borders, len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def _best(text: str, shift: str | None) -> tuple[_Way, Count]:
    """The way with the fewest parts; of equals the plainer."""
    chars = frozenset(text)
    counts = [(way, way.weigh(text, chars)) for way in _ways(shift) if way.can(chars)]
    return min(counts, key=lambda each: each[1].segments)


def _borders(
    text: str, doubles: list[int], joined: int, joints: frozenset[int] = frozenset()
) -> list[int]:
    """Where to cut `text` so that no part is above `joined` units: never within a character, and not at a
    joint unless it reaches back over a whole part. `doubles`: where the characters of two units are."""
    first_units = [i + k for k, i in enumerate(doubles)]
    torn = frozenset(
        unit + 1 for unit in first_units
    )  # a border here would cut a character in half
    units, end, borders = len(text) + len(doubles), 0, [0]
    while end + joined < units:
        end += joined
        end -= end in torn
        border = end - bisect_left(first_units, end)
        kept = border
        while kept in joints and kept > borders[-1]:
            kept -= 1
        if borders[-1] < kept < border:
            border, end = kept, kept + bisect_left(doubles, kept)
        borders.append(border)
    return borders[1:]


def _joints(text: str) -> frozenset[int]:
    """Positions where cutting would tear a letter from its mark, or an emoji from its modifier."""
    return frozenset(
        i
        for i in range(1, len(text))
        if unicodedata.category(text[i]).startswith("M")
        or text[i] == "\u200d"
        or text[i - 1] == "\u200d"
        or "\U0001f3fb" <= text[i] <= "\U0001f3ff"
    )
