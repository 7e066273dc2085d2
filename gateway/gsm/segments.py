"""The size of a text on the air: encoding, units and billed parts; and what a channel can carry.

A part is 140 octets. Alone it holds 160 septets or 70 UTF-16 units; with the header that joins the
parts of a long SMS it holds 153 or 67 (3GPP TS 23.040 section 9.2.3.24.1). A character of two units
(an escape pair, a surrogate pair) is never cut in half. A part may therefore end with an empty
unit, which most counters get wrong.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from gateway.gsm import alphabet
from gateway.gsm.septets import septets

Encoding = Literal["GSM7", "UCS2"]
PARTS_USUAL = 10

# The octets of user data in one SMS, and of its headers: the length octet, joining parts, naming
# one national table.
_OCTETS, _LENGTH, _JOIN, _TABLE = 140, 1, 5, 3


class SegmentCount(NamedTuple):
    """The size of a text.

    `units` counts septets (GSM7) or 16-bit units (UCS2). `units_left` is the number of units that
    fit before one more part is billed. `table` names the national shift tables in use, such as `pt
    single`; None for the default alphabet.
    """

    encoding: Encoding
    units: int
    segments: int
    units_left: int
    table: str | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to encode a text.

    `holds` are the characters it can encode, `double` those that take two units. In both, None
    stands for UCS-2, which encodes everything and needs a surrogate pair beyond U+FFFF. `alone` and
    `joined` are the units of a part.
    """

    encoding: Encoding
    table: str | None
    holds: frozenset[str] | None
    double: frozenset[str] | None
    alone: int
    joined: int

    def can(self, chars: frozenset[str]) -> bool:
        return self.holds is None or chars <= self.holds

    def doubles(self, chars: frozenset[str]) -> frozenset[str]:
        """Return those of `chars` that take two units."""
        if self.double is None:
            return frozenset(ch for ch in chars if ch > "\uffff")
        return chars & self.double

    def weigh(self, text: str, chars: frozenset[str]) -> SegmentCount:
        """Return the size of `text`; `chars` is its set of characters, made once for all ways."""
        doubles = self.doubles(chars)
        units = len(text) + sum(map(text.count, doubles))
        if units <= self.alone:
            return SegmentCount(self.encoding, units, 1, self.alone - units, self.table)
        at = _positions(text, doubles)
        borders = _borders(text, at, self.joined)
        filled = len(text) - borders[-1] + len(at) - bisect_left(at, borders[-1])
        return SegmentCount(
            self.encoding, units, len(borders) + 1, self.joined - filled, self.table
        )


def _positions(text: str, chars: frozenset[str]) -> list[int]:
    return [i for i, ch in enumerate(text) if ch in chars] if chars else []


def _septets(header_octets: int) -> int:
    """Return the septets that a header leaves in a part.

    The header is padded to a septet border.
    """
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
    """Return the encodings that a channel can use, the plainest first.

    More phones can show a plain one.
    """
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
def count_segments(text: str, shift: str | None = None) -> SegmentCount:
    """Return the size of `text` as the network carries it.

    `shift` is the language whose national tables the channel can send.

    >>> count_segments("a" * 161)
    SegmentCount(encoding='GSM7', units=161, segments=2, units_left=145, table=None)
    >>> texts = ("ŋ" * 70, "a" * 152 + "{" + "a" * 152, "")
    >>> [count_segments(text).segments for text in texts]
    [1, 3, 1]
    """
    # Nearly every text takes one unit per character, so nothing needs a search.
    if _BASIC_ONLY.fullmatch(text):
        units = len(text)
        if units <= _DEFAULT.alone:
            return SegmentCount("GSM7", units, 1, _DEFAULT.alone - units)
        segments = -(-units // _DEFAULT.joined)
        return SegmentCount("GSM7", units, segments, segments * _DEFAULT.joined - units)
    return _best(text, shift)[1]


def segments(text: str) -> int:
    """Return the number of parts of `text` that the network bills, for the choice of a wording.

    >>> segments("a" * 160), segments("a" * 161), segments("ŋ" * 71)
    (1, 2, 2)
    """
    return count_segments(text).segments


@dataclass(frozen=True, slots=True)
class Capacity:
    """The limits of a channel for one message.

    `parts_max` limits the SMS parts. `characters_max` limits the characters; None stands for no
    limit of its own. `alphabet` is "gsm7" where the channel can send only the default alphabet.
    """

    parts_max: int = PARTS_USUAL
    characters_max: int | None = None
    alphabet: Literal["any", "gsm7"] = "any"

    def carries(self, text: str) -> bool:
        """Return True if one message can hold `text`."""
        return self.lack(text) is None

    def lack(self, text: str) -> str | None:
        """Return the reason why one message cannot hold `text`, or None.

        >>> Capacity(parts_max=1).lack("a" * 161), Capacity(characters_max=3).lack("abcd")
        ('2 parts, 1 can be sent', '4 characters, 3 can be sent')
        >>> Capacity(alphabet="gsm7").lack("ŋ"), Capacity().lack("hi")
        ("'ŋ' is not in the GSM alphabet, and nothing else can be sent", None)
        """
        most = self.characters_max
        if most is not None and len(text) > most:
            return f"{len(text):,} characters, {most:,} can be sent"
        if self.alphabet == "gsm7" and septets(text) is None:
            odd = next(ch for ch in text if septets(ch) is None)
            return f"{odd!r} is not in the GSM alphabet, and nothing else can be sent"
        parts = segments(text)
        return f"{parts} parts, {self.parts_max} can be sent" if parts > self.parts_max else None

    def cheapest(self, wordings: Iterable[str]) -> str:
        """Return the first wording with the fewest parts among those that one message can hold.

        Where none can be sent, return the cheapest of all; the caller then sends another text.
        """
        every = list(wordings)
        return min([w for w in every if self.carries(w)] or every, key=segments)


ANY = Capacity()


def split_parts(text: str, shift: str | None = None) -> list[str]:
    """Return the parts in which the network would send `text`, in order.

    Their number equals `count`'s. Letters with their marks and emoji with their joiners stay whole
    where that costs no further part.
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


def _best(text: str, shift: str | None) -> tuple[_Way, SegmentCount]:
    """Return the encoding with the fewest parts, and of equal ones the plainer."""
    chars = frozenset(text)
    counts = [(way, way.weigh(text, chars)) for way in _ways(shift) if way.can(chars)]
    return min(counts, key=lambda each: each[1].segments)


def _borders(
    text: str, doubles: list[int], joined: int, joints: frozenset[int] = frozenset()
) -> list[int]:
    """Return the positions at which to cut `text` so that no part is above `joined` units.

    No cut falls within a character. A cut falls on a joint only if the joint reaches back over a
    whole part. `doubles` holds the positions of the characters of two units.
    """
    first_units = [i + k for k, i in enumerate(doubles)]
    torn = frozenset(
        unit + 1 for unit in first_units
    )  # A border here would cut a character in half.
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
    """Return the positions where a cut would tear a letter from its mark.

    The same holds for an emoji and its modifier.
    """
    return frozenset(
        i
        for i in range(1, len(text))
        if unicodedata.category(text[i]).startswith("M")
        or text[i] == "\u200d"
        or text[i - 1] == "\u200d"
        or "\U0001f3fb" <= text[i] <= "\U0001f3ff"
    )
