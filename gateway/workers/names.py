"""A person's name as it may stand in a message.

It consists of letters, so that no name holds a link or a number to call.
"""

import re
import unicodedata

NAME_KEPT_MAX = 60  # characters
# Three digits tell two workers with the same name apart; a number to call is longer.
_DIGITS_MAX = 3
_MARKS = frozenset(" .'\u2019\u02bc-")
_INITIAL = re.compile(r"\b([^\W\d_])\.(?=[^\W\d_])")
_LINK = re.compile(r"[^\W_]{2,}\.[^\W_]|\bwww\b|\bhttps?\b", re.IGNORECASE)


def as_name(said: str) -> str:
    """Return a name with single blanks, also behind an initial, and cut to the length that is kept.

    >>> as_name("  Amina  W.Kamau ")
    'Amina W. Kamau'
    """
    text = unicodedata.normalize("NFC", " ".join(said.split()))
    return _INITIAL.sub(r"\1. ", text)[:NAME_KEPT_MAX].strip()


def is_name(name: str) -> bool:
    """Return True if a text may be a person's name: no link, phone number, formula or other sign.

    >>> [is_name(name) for name in ("Amina W. Kamau", "N'Golo-Jean", "Amina 2")]
    [True, True, True]
    >>> is_name("\u12a0\u121a\u1293")
    True
    >>> [is_name(name) for name in ("bit.ly/abc", "evil.com", "call 0900123456", "=1+1")]
    [False, False, False, False]
    >>> [is_name(name) for name in ("a@b", "07 11 00 00", "...")]
    [False, False, False]
    """
    letters = sum(unicodedata.category(ch)[0] == "L" for ch in name)
    digits = sum(ch.isnumeric() for ch in name)
    allowed = all(ch in _MARKS or unicodedata.category(ch)[0] in "LMN" for ch in name)
    return bool(letters) and digits <= _DIGITS_MAX and allowed and not _LINK.search(name)
