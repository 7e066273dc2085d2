"""The splitting of a long text into overlapping pieces at the ends of sentences.

A text is cut into units: sentences with the blanks behind them. A sentence that is too long is cut
between words, and a word that is too long is cut between characters. All units together are exactly
the text. A piece is a number of units in one paragraph. It repeats the last units of the piece
before it, so that the answers to both can be joined there.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# A sentence ends with one of these, and with the quotes and brackets that close behind it.
_END = re.compile(
    r"[.!?\u2026\u061f\u06d4\u0964\u1362\u1367]+[\"'\u2019\u201d\u00bb)\]]*\s+|[\u3002\uff01\uff1f]+[\u300d\u300f\uff09]*\s*"
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|cf|No)\.\s+$")
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text.

    - `head` are the units that the piece before it ends with, and `units` the new ones.
    - `lead` are the blanks before the first piece of the text.
    """

    head: tuple[str, ...]
    units: tuple[str, ...]
    lead: str = ""

    @property
    def text(self) -> str:
        """Return the text that a worker reads, with single blanks."""
        return bare("".join((*self.head, *self.units)))

    @property
    def core(self) -> str:
        """Return the new part of the source, with the blanks behind it."""
        return "".join(self.units)

    @property
    def gap(self) -> str:
        """Return the blanks behind the piece."""
        return trailing(self.core)


def bare(text: str) -> str:
    r"""Return a text with single blanks, as an answer is stored.

    >>> bare(" two \n words ")
    'two words'
    """
    return " ".join(text.split())


def trailing(text: str) -> str:
    """Return the blanks at the end of a text."""
    return text[len(text.rstrip()) :]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each with the blanks behind it.

    >>> sentences("He came. She saw!  Dr. Otieno left.")
    ['He came. ', 'She saw!  ', 'Dr. Otieno left.']
    """
    found, start = list[str](), 0
    for end in _ends(text):
        if text[start:end].strip():
            found.append(text[start:end])
            start = end
    if text[start:].strip() or not found:
        found.append(text[start:])
    elif text[start:]:
        found[-1] += text[start:]
    return [each for each in found if each]


def _ends(text: str) -> Iterator[int]:
    """Yield the places behind sentences and paragraphs, in order."""
    breaks = [found.end() for found in _PARAGRAPH.finditer(text)]
    for found in _END.finditer(text):
        if "\n" in found[0] and _PARAGRAPH.search(found[0]):
            continue  # The end of the paragraph says it.
        following = text[found.end() : found.end() + 1]
        before = text[max(0, found.start() - 12) : found.end()]
        if found[0][0] == "." and (following.islower() or _ABBREVIATION.search(before)):
            continue
        breaks.append(found.end())
    yield from sorted(set(breaks))


def split_text(text: str, characters: int, overlap: int) -> list[TextPiece]:
    """Return the pieces of a text: `core` of all of them, behind `lead`, is exactly the text.

    A piece has at most `characters`. It begins with up to `overlap` characters of whole sentences
    from the piece before it, unless a paragraph begins there.
    """
    lead = text[: len(text) - len(text.lstrip())]
    units = [
        part
        for sentence in sentences(text[len(lead) :])
        if sentence.strip()
        for part in _short_units(sentence, characters)
    ]
    pieces = list[TextPiece]()
    head, new = list[str](), list[str]()
    for unit in units:
        if new and (ends_paragraph(new[-1]) or _size((*head, *new, unit)) > characters):
            pieces.append(TextPiece(tuple(head), tuple(new), "" if pieces else lead))
            head, new = _head(new, unit, characters, overlap), []
        new.append(unit)
    if new:
        pieces.append(TextPiece(tuple(head), tuple(new), "" if pieces else lead))
    return pieces


def ends_paragraph(unit: str) -> bool:
    """Return whether a blank line stands behind a unit."""
    return _PARAGRAPH.search(unit) is not None


def _head(before: list[str], unit: str, characters: int, overlap: int) -> list[str]:
    """Return the units to be repeated: as many as fit into the overlap and beside the next unit."""
    if ends_paragraph(before[-1]):
        return []
    found = list[str]()
    for each in reversed(before):
        longer = [each, *found]
        if _size(longer) > overlap or _size((*longer, unit)) > characters:
            break
        found = longer
    return found


def _size(units: "list[str] | tuple[str, ...]") -> int:
    return len("".join(units).rstrip())


def _short_units(sentence: str, characters: int) -> Iterator[str]:
    """Yield a sentence in parts that are short enough, cut between words where that is possible."""
    if _size([sentence]) <= characters:
        yield sentence
        return
    part = ""
    for word in _WORD.findall(sentence):
        for some in _cut_word(word, characters):
            if part and _size([part, some]) > characters:
                yield part
                part = ""
            part += some
    if part:
        yield part


def _cut_word(word: str, characters: int) -> Iterator[str]:
    """Yield a word in parts that are short enough. A mark stays with the letter that it is on."""
    while _size([word]) > characters:
        at = characters
        while at > 1 and unicodedata.combining(word[at]):
            at -= 1
        yield word[:at]
        word = word[at:]
    yield word
