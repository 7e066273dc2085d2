"""The saving of segments: one curly quote makes a whole SMS UCS-2, with only 70 characters a part.

A part in GSM-7 holds 160. There are two kinds of change. Marks (quotes, dashes, blanks, invisible
characters) have a GSM-7 twin and may always be changed. Letters lose something ("avó" and "avô"
both become "avo"). A letter is therefore changed only where writers of the language do the same on
their phones, and the change is shown in the diff.

Characters without a rule (Hausa hooked letters, Yoruba dots, Ethiopic, Arabic, emoji) stay and are
reported. They make every other change pointless.
"""

# ruff: noqa: RUF001, RUF002  characters that look alike are what this file is about

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from gateway.gsm.alphabet import BASIC, EXTENSION
from gateway.gsm.segments import SegmentCount, count_segments

_MARKS = {
    "'": "‘’‚‛′´`ʹʻʼˈ＇",
    '"': "“”„‟″«»＂",
    "-": "‐‑‒–—―−•‣⁃",
    ".": "·",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "": "\u00ad\u200b\u200e\u200f\u2060\ufeff",
    "<": "‹",
    ">": "›",
    "x": "×",
    "...": "…",
    "\n": "\u2028\u2029\x85\v",
}
# The whole phrase is replaced, so that no text grows twice: "GH₵5" becomes "GHS 5", not "GHGHS 5".
_PHRASES = {"« ": '"', " »": '"', "«\u00a0": '"', "\u00a0»": '"', "«\u202f": '"', "\u202f»": '"',
            "GH₵": "GHS ", "₵": "GHS ", "₦": "NGN ", "₹": "INR ", "№": "No "}  # fmt: skip

# The letters that may lose their marks, per language, as its writers do on a keypad without them.
_EUROPEAN = "áàâãçéèêëíìîïóòôõúùûÿœ"
FOLDED = {
    "en": _EUROPEAN,  # loan words and names
    "sw": _EUROPEAN,
    "so": _EUROPEAN,
    "rw": _EUROPEAN,
    "om": _EUROPEAN,
    "fr": "àâçèêëîïôùûÿœáíóú",
    "pt": "áâãçêíóôõúàè",
    "es": "áíóúç",
    "it": "àèìòùáíîóú",
    "nl": "áçêëíïóôú",
}

# These characters take two septets and have neighbours of one septet. They change only where that
# saves a part.
_BRACKETS = {"[": "(", "]": ")", "{": "(", "}": ")"}
_SURPLUS = r"(?<= ) +| +(?=\n)|[\[\]{}]"


@dataclass(frozen=True, slots=True)
class TextReplacement:
    """One change in a text."""

    before: str
    """The original characters."""
    after: str
    """The characters that replace them."""
    letter: bool = False
    """True if the change loses something that a reader may miss."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cheaper form of a text.

    Where `kept` is not empty nothing is changed, because the text stays UCS-2 in any case.
    """

    text: str
    """The suggested text."""
    before: SegmentCount
    """The count of the original text."""
    after: SegmentCount
    """The count of the suggested text."""
    pieces: tuple[str | TextReplacement, ...]
    """The whole text in order, as unchanged pieces and changes."""
    kept: str = ""
    """The characters that no rule may change."""

    @property
    def segments_saved(self) -> int:
        """Return the number of segments that the suggestion saves."""
        return self.before.segments - self.after.segments

    @property
    def changes(self) -> tuple[TextReplacement, ...]:
        """Return the changes in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, TextReplacement))

    @property
    def loses_letters(self) -> bool:
        """Return True if a letter loses its marks."""
        return any(change.letter for change in self.changes)

    def diff(self) -> str:
        """Return the text with each change shown at its position.

        >>> s = cheaper("It’s" + " really" * 12, "en")
        >>> s.diff()[:10] if s else None
        "It[’->']s "
        """
        return "".join(
            piece if isinstance(piece, str) else f"[{piece.before}->{piece.after}]"
            for piece in self.pieces
        )


def cheaper(
    text: str, language: str | None, around: tuple[str, str] = ("", "")
) -> Suggestion | None:
    """Return the same message in fewer segments, or None when nothing can be saved.

    `around` is the text before and after `text` in the message; it is counted but not changed.
    `language` (ISO 639-1) decides which letters may lose their marks; None or a language without a
    rule permits no letter. A text that must stay UCS-2, and would be cheaper otherwise, is returned
    unchanged with the reason in `kept`.

    >>> cheaper("plain", "en"), cheaper("ƙofa " * 20, "ha").kept
    (None, 'ƙ')
    """

    def weigh(middle: str) -> SegmentCount:
        return count_segments(f"{around[0]}{middle}{around[1]}")

    before = weigh(text)
    if before.segments == 1:
        return None
    whole = unicodedata.normalize("NFC", text)
    pieces = _pieces(whole, language)
    kept = "".join(
        dict.fromkeys(ch for p in pieces if isinstance(p, str) for ch in p if not _gsm7(ch))
    )
    if kept:
        would_be = weigh("".join("x" if ch in kept else ch for ch in _join(pieces)))
        return (
            Suggestion(text, before, before, (text,), kept)
            if would_be.segments < before.segments
            else None
        )
    best = min((pieces, _squeezed(pieces)), key=lambda each: weigh(_join(each)).segments)
    after = weigh(_join(best))
    if after.segments >= before.segments:
        return None
    return Suggestion(_join(best), before, after, tuple(best))


def _pieces(text: str, language: str | None) -> list[str | TextReplacement]:
    """Cut `text` at each position where a rule applies."""
    pattern, table, letters = _rules(language)
    made: list[str | TextReplacement] = []
    start = 0
    for found in pattern.finditer(text):
        if found.start() > start:
            made.append(text[start : found.start()])
        made.append(TextReplacement(found[0], table[found[0]], letter=found[0] in letters))
        start = found.end()
    return [*made, text[start:]] if start < len(text) else made


@lru_cache
def _rules(language: str | None) -> tuple[re.Pattern[str], dict[str, str], frozenset[str]]:
    """Return the pattern of the changes, their replacements, and the letters among them."""
    folded = FOLDED.get(language or "", "")
    letters = frozenset(ch for ch in folded + folded.upper() if not _gsm7(ch))
    table = {ch: plain for plain, chars in _MARKS.items() for ch in chars} | _PHRASES
    # anyascii is used only for Latin letters: it turns other scripts into a pronunciation, and
    # emoji into a name.
    assert all(unicodedata.name(ch).startswith("LATIN ") for ch in letters)
    table |= {ch: anyascii(ch).upper() if ch.isupper() else anyascii(ch) for ch in letters}
    longest_first = sorted(table, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), table, letters


def _squeezed(pieces: list[str | TextReplacement]) -> list[str | TextReplacement]:
    """Replace square and curly brackets by round ones and remove surplus blanks.

    A blank beside a change is not surplus.
    """
    made: list[str | TextReplacement] = []
    for i, piece in enumerate(pieces):
        if isinstance(piece, TextReplacement):
            made.append(piece)
            continue
        ends = (r"|\A\s+" if i == 0 else "") + (r"|\s+\Z" if i == len(pieces) - 1 else "")
        start = 0
        for found in re.finditer(_SURPLUS + ends, piece):
            made += [
                piece[start : found.start()],
                TextReplacement(found[0], _BRACKETS.get(found[0], "")),
            ]
            start = found.end()
        made.append(piece[start:])
    return [piece for piece in made if piece]


def _join(pieces: list[str | TextReplacement]) -> str:
    return "".join(piece if isinstance(piece, str) else piece.after for piece in pieces)


def _gsm7(ch: str) -> bool:
    return ch in BASIC or ch in EXTENSION
