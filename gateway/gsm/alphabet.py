"""The characters of an SMS in septets: the default alphabet, and national tables instead of it.

Source: 3GPP TS 23.038, annex A.2 and A.3. Each national table is one file in `gsm/shifts/`. A
national table costs a header in every part, and is used only where a channel says that it can send
it.
"""

from dataclasses import dataclass
from functools import lru_cache

from gateway.base import plugins
from gateway.gsm import shifts
from gateway.gsm.septets import BASIC, EXTENSION

__all__ = ["BASIC", "EXTENSION", "Shift", "shift"]


@dataclass(frozen=True, slots=True)
class Shift:
    """The national tables of one language."""

    language: str
    """The ISO 639-1 code, which is also the name of the file in `gsm/shifts/`."""
    single: frozenset[str]
    """The characters that replace the extension table; each of them takes two septets."""
    locking: frozenset[str] | None
    """The characters that replace the default alphabet; each of them takes one septet. It is None
    if the language has no locking table.
    """


@lru_cache
def shift(language: str) -> Shift:
    """Return the tables of `language` (`tr`, `es`, `pt`, ...) from its file in `gsm/shifts/`.

    Raises SettingsError when there is no such file.

    >>> "ç" in shift("pt").single, shift("es").locking
    (True, None)
    """
    table = plugins.load(shifts, language)
    return Shift(language, table.SINGLE, table.LOCKING)
