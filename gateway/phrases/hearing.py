"""Comparable input: equal words compare equal, whatever the handset, case and punctuation."""

import re
import unicodedata
from functools import lru_cache

from gateway.phrases import ethiopic

# The apostrophe, and what keyboards and converters put in its place.
_APOSTROPHES = re.compile(
    "['`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u02b9-\u02bf\u02c8\u055a\u05f3\ua78b\ua78c\uff07]"
)
_DIACRITICS = range(0x0300, 0x0370)
# These turn a plain 1 into the keycap emoji of 1.
_EMOJI_DRESSING = frozenset("\ufe0e\ufe0f\u20e3")
# Letters that feature phones do not have and that Unicode does not decompose, with the letters
# typed for them: Hausa's hooks, the open vowels and other letters of West Africa, and some European
# ones.
_PLAIN = str.maketrans(
    {
        "\u0253": "b", "\u0257": "d", "\u0199": "k", "\u01b4": "y", "\u025b": "e", "\u0254": "o", "\u014b": "n",
        "\u0256": "d", "\u0192": "f", "\u0263": "g", "\u028b": "v", "\u0268": "i", "\u0289": "u", "\u0131": "i",
        "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0127": "h", "\u00e6": "ae", "\u0153": "oe", "\u00f0": "d",
        "\u00fe": "th", "\u01a5": "p", "\u01ad": "t", "\u0188": "c", "\u0260": "g", "\u0272": "n", "\u019e": "n",
        "\u01dd": "e", "\u0259": "e", "\u0269": "i", "\u028a": "u", "\u0167": "t",
    }
)  # fmt: skip
_NOT_WORD = re.compile(r"[\W_]+")
_SHORT = 40  # characters


def clean(said: str) -> str:
    r"""Return `said` without characters that no database or phone should receive.

    Control characters become spaces, lone surrogates vanish, and blanks are trimmed and collapsed.
    Everything that a writer can have meant stays.

    >>> clean("  a\x00b\n c ")
    'a b c'
    """
    if not said.isprintable():
        said = "".join(_harmless(ch) for ch in said)
    return " ".join(said.split())


def fold(said: str) -> str:
    """Return the bare words of `said`.

    They are in lower case, without accents and punctuation, with digits of every script as 0-9.
    Letters that sound alike and are written for each other become one letter: Hausa's hooked
    letters and the plain ones, the Ethiopic homophones.

    >>> fold("\u018a'inki"), fold("d'inki")
    ('dinki', 'dinki')
    >>> fold("\u1228\u1210\u1218\u1275") == fold("\u1228\u1200\u1218\u1275")
    True
    >>> fold(" NDIYO!! "), fold("Pas s\u00fbr."), fold("\uff11)"), fold("\u0663")
    ('ndiyo', 'pas sur', '1', '3')
    >>> fold("Don't know"), fold("\U0001f44d")
    ('dont know', '')
    """
    return _short(said) if len(said) <= _SHORT else _fold(said)


def _fold(said: str) -> str:
    # A spacing accent would otherwise leave a blank in the middle of the word.
    text = clean(_APOSTROPHES.sub("", said))
    if text.isascii():
        text = text.casefold()
    else:
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(_bare(ch) for ch in unicodedata.normalize("NFKD", text)).translate(_PLAIN)
        text = ethiopic.folded(text)
    return _NOT_WORD.sub(" ", text).strip()


_short = lru_cache(maxsize=2048)(
    _fold
)  # Labels, command words and short answers return again and again, so they are cached.


def _harmless(ch: str) -> str:
    match unicodedata.category(ch):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return ""
        case _:
            return ch


def _bare(ch: str) -> str:
    if ch in _EMOJI_DRESSING or ord(ch) in _DIACRITICS or unicodedata.category(ch) == "Cf":
        return ""
    digit = unicodedata.decimal(ch, None)
    return ch if digit is None else str(digit)
