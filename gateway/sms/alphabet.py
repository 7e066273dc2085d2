"""The characters one septet can carry: the GSM 7-bit default alphabet and its extension table.

Source: 3GPP TS 23.038 section 6.2.1 and 6.2.1.1. The national tables (annex A.2 and A.3) are one file each in
`sms/shifts/`; they cost a header in every part, and only count where a channel says that it can send them.
"""

from dataclasses import dataclass
from functools import lru_cache

from gateway import plugins
from gateway.sms import shifts

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"  # 0x1B is the escape to the extension table, never a character
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and a septet: two


@dataclass(frozen=True, slots=True)
class Shift:
    """One language's tables. `single` replaces the extension table (2 septets a character), `locking` the
    default alphabet (1 septet); None: the language has no locking table of its own."""

    language: str
    single: frozenset[str]
    locking: frozenset[str] | None


@lru_cache
def shift(language: str) -> Shift:
    """The tables of `language` (`tr`, `es`, `pt`, ...): a file in `sms/shifts/`; SettingsError if there is none.

    >>> "ç" in shift("pt").single, shift("es").locking
    (True, None)
    """
    table = plugins.load(shifts, language)
    return Shift(language, table.SINGLE, table.LOCKING)
