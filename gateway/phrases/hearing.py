"""Making what people type comparable: the same words, whatever the handset, the case and the punctuation."""

import re
import unicodedata
from functools import lru_cache

from gateway.phrases import ethiopic

_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc]")
_DIACRITICS = range(0x0300, 0x0370)
_EMOJI_DRESSING = frozenset("\ufe0e\ufe0f\u20e3")  # turn a plain 1 into the keycap emoji of 1
# Letters that feature phones do not have and that Unicode does not take apart, with the letters
# people type for them: Hausa's hooks, the open vowels and other letters of West Africa, and some
# European ones.
_PLAIN = str.maketrans(
    {
        "\u0253": "b", "\u0257": "d", "\u0199": "k", "\u01b4": "y", "\u025b": "e", "\u0254": "o", "\u014b": "n",
        "\u0256": "d", "\u0192": "f", "\u0263": "g", "\u028b": "v", "\u0268": "i", "\u0289": "u", "\u0131": "i",
        "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0127": "h", "\u00e6": "ae", "\u0153": "oe", "\u00f0": "d",
        "\u00fe": "th",
    }
)  # fmt: skip
_NOT_WORD = re.compile(r"[\W_]+")
_SHORT = 40  # characters


def clean(said: str) -> str:
    r"""`said` without what no database or phone should meet: control characters become spaces, lone surrogates
    vanish, blanks are trimmed and collapsed. Everything a person can have meant stays.

    >>> clean("  a\x00b\n c ")
    'a b c'
    """
    if not said.isprintable():
        said = "".join(_harmless(ch) for ch in said)
    return " ".join(said.split())


def fold(said: str) -> str:
    """The bare words of `said`: lower case, no accents, no punctuation, digits of every script as 0-9.

    Letters that sound alike and are written as each other are one letter: Hausa's hooked letters and the plain ones,
    the Ethiopic homophones.

    >>> fold("\u018a'inki"), fold("d'inki"), fold("\u1228\u1210\u1218\u1275") == fold("\u1228\u1200\u1218\u1275")
    ('dinki', 'dinki', True)
    >>> fold(" NDIYO!! "), fold("Pas s\u00fbr."), fold("\uff11)"), fold("\u0663"), fold("Don't know"), fold("\U0001f44d")
    ('ndiyo', 'pas sur', '1', '3', 'dont know', '')
    """
    return _short(said) if len(said) <= _SHORT else _fold(said)


def _fold(said: str) -> str:
    text = clean(said)
    if text.isascii():
        text = text.casefold()
    else:
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(_bare(ch) for ch in unicodedata.normalize("NFKD", text)).translate(_PLAIN)
        text = ethiopic.folded(text)
    return _NOT_WORD.sub(" ", _APOSTROPHES.sub("", text)).strip()


_short = lru_cache(maxsize=2048)(
    _fold
)  # labels, command words and short answers come again and again


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
