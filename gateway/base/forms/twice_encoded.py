"""The reading of a text that was decoded as Windows-1252 and encoded again on its way.

A provider that takes UTF-8 for Windows-1252 turns ARRÊT into `ARRÃŠT`. The bytes are valid UTF-8,
so that no decoder notices it. A text is only changed where the second encoding alone explains it: a
text that a worker may have typed is left as it is.
"""

import re
import unicodedata

from gateway.base.forms.decoding import windows

_BYTES = {
    **{chr(byte): byte for byte in range(0x80, 0xA0)},  # These were read as Latin-1.
    **{windows(bytes([byte])): byte for byte in range(256)},
}
_TIMES_MAX = 3
# The first characters of what UTF-8 becomes, with the letters that they may stand for: accents,
# Latin letters of Africa, Ethiopic, typographic signs, and emoji.
_LEADS = re.compile("[ÂÃÄÅÆÉËáâïð]")
_MEANT = {
    "Â": ("\u0080", "\u00bf"),
    "Ã": ("\u00c0", "\u00ff"),
    "Ä": ("\u0100", "\u013f"),
    "Å": ("\u0140", "\u017f"),
    "Æ": ("\u0180", "\u01bf"),
    "É": ("\u0250", "\u027f"),
    "Ë": ("\u02c6", "\u02dc"),
    "á": ("\u1200", "\u1fff"),
    "â": ("\u2000", "\u2bff"),
    "ï": ("\uf900", "\uffee"),
    "ð": ("\U0001f000", "\U0001faff"),
}
# These follow a capital letter in ordinary texts: "CAFÉ…" is no Arabic letter.
_CLOSING = frozenset("…’“”–—«»‘‚„•›‹")  # noqa: RUF001
# A blank that does not break is often replaced by a plain one. It ends "à" and some Ethiopic
# letters.
_ETHIOPIC_BLANK = re.compile("(á[\u02c6\u2030\u0160\u2039\u0152\u017d\x88-\x8e]) ")
_GRAVE_BLANK = re.compile("Ã (?=\\w)")


def as_typed(text: str) -> str:
    """Return a text as it was typed, also where it was encoded twice or more on its way.

    >>> as_typed("ARRÃŠT"), as_typed("trÃ¨s"), as_typed("CAFÉ…")
    ('ARRÊT', 'très', 'CAFÉ…')
    """
    if text.isascii() or not _LEADS.search(text):
        return text
    found = text
    for _ in range(_TIMES_MAX):
        before = _before(found) or _before(_with_blanks(found))
        if before is None:
            break
        found = before
    # Between two encodings there are control characters, but a worker types none.
    return text if any("\x80" <= ch < "\xa0" for ch in found) else found


def _with_blanks(text: str) -> str:
    return _GRAVE_BLANK.sub("Ã\xa0 ", _ETHIOPIC_BLANK.sub("\\1\xa0", text))


def _before(text: str) -> str | None:
    """Return the text before its second encoding, or None for a text that had none."""
    try:
        found = bytes(_BYTES[ch] for ch in text).decode()
    except (KeyError, UnicodeDecodeError):
        return None
    at = 0
    for ch in found:
        length = len(ch.encode())
        if length > 1 and not _is_meant(ch, text, at, length):
            return None
        at += length
    return found if len(found) < len(text) else None


def _is_meant(ch: str, text: str, at: int, length: int) -> bool:
    """Return whether the characters from `at` can only stand for `ch`."""
    first, last = _MEANT.get(text[at], ("", ""))
    if not first <= ch <= last or unicodedata.category(ch) in ("Cn", "Co"):
        return False
    if length > 2 or text[at + 1] not in _CLOSING:  # noqa: PLR2004
        return True
    if text[at] == "É":  # It is French in "CAFÉ—BAR", and a hooked letter of Hausa in "É—inki".
        return at == 0 or not text[at - 1].isupper()
    return text[at + length : at + length + 1].isalpha()
