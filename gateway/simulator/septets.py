"""The size of a text on the air: septets, UCS-2 units, and the parts of one SMS.

The carrier counts with tables of its own, so a mistake in the gateway's counting shows up as a
difference between two books. Sources: 3GPP TS 23.038 section 6.2.1 (the alphabet and its extension
table), TS 23.040 section 9.2.3.24.1 (a 6-octet header in each part of a long SMS).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")

SINGLE_SEPTETS: Final = 160
PART_SEPTETS: Final = 153
SINGLE_UNITS: Final = 70
PART_UNITS: Final = 67
# A USSD string has 160 octets (3GPP TS 23.038 / GSM 04.80).
USSD_SEPTETS: Final = 182
USSD_UNITS: Final = 80


class Weight(NamedTuple):
    """The size of a text. `units` are septets in the encoding GSM7 and 16-bit units in UCS2."""

    encoding: str
    units: int
    segments: int


@lru_cache(maxsize=65_536)
def weigh(text: str) -> Weight:
    """Return the encoding in which the network carries `text`, and its size in units and parts.

    >>> weigh("a" * 161), weigh("ŋ" * 70).segments
    (Weight(encoding='GSM7', units=161, segments=2), 1)
    """
    if BASIC.issuperset(text):
        units = len(text)  # the common case, without inspecting each character
        parts = 1 if units <= SINGLE_SEPTETS else -(-units // PART_SEPTETS)
        return Weight("GSM7", units, parts)
    if all(ch in BASIC or ch in EXTENSION for ch in text):
        return _pack("GSM7", text, _septets, SINGLE_SEPTETS, PART_SEPTETS)
    return _pack("UCS2", text, _ucs2_units, SINGLE_UNITS, PART_UNITS)


def fits_ussd(text: str) -> bool:
    """Return whether one USSD screen can hold `text`.

    >>> fits_ussd("a" * 182), fits_ussd("a" * 183), fits_ussd("ŋ" * 81)
    (True, False, False)
    """
    weight = weigh(text)
    return weight.units <= (USSD_SEPTETS if weight.encoding == "GSM7" else USSD_UNITS)


def _septets(ch: str) -> int:
    return 2 if ch in EXTENSION else 1


def _ucs2_units(ch: str) -> int:
    return 2 if ord(ch) > 0xFFFF else 1  # noqa: PLR2004  above it UTF-16 needs two


def _pack(encoding: str, text: str, size: Callable[[str], int], single: int, part: int) -> Weight:
    """Fill parts greedily. A two-unit character never straddles the edge of a part."""
    sizes = [size(ch) for ch in text]
    units = sum(sizes)
    if units <= single:
        return Weight(encoding, units, 1)
    parts, filled = 1, 0
    for each in sizes:
        if filled + each > part:
            parts, filled = parts + 1, 0
        filled += each
    return Weight(encoding, units, parts)
