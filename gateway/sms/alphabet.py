"""The characters of an SMS of septets: the default alphabet, and national tables instead of it.

Source: 3GPP TS 23.038, annex A.2 and A.3. The national tables are one file each in `sms/shifts/`;
they cost a header in every part, and only count where a channel says that it can send them.
"""

from dataclasses import dataclass
from functools import lru_cache

from gateway import plugins
from gateway.phrases.septets import BASIC, EXTENSION
from gateway.sms import shifts

__all__ = ["BASIC", "EXTENSION", "Shift", "shift"]


@dataclass(frozen=True, slots=True)
class Shift:
    """One language's tables.

    `single` replaces the extension table (2 septets a character), `locking` the default alphabet (1
    septet); None: the language has no locking table of its own.
    """

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
