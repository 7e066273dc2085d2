"""The joining of answers to overlapping pieces of a text.

Two neighbouring pieces share some sentences, which two workers have typed. The answers are aligned
there, and the shared part is taken once. Where it cannot be found, both answers stay whole and the
seam is marked, because a sentence that stands twice is a smaller fault than one that is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from gateway.phrases.hearing import fold
from gateway.tasks.projects.pieces import TextPiece, bare, sentences, trailing

SURE = 0.9
"""The similarity at which shared sentences are taken to be the same without a search."""
_FOUND = 0.35
_GAP = -0.6
_DRIFT = 0.3
_WORDS_MAX = 120


@dataclass(frozen=True, slots=True)
class JoinedText:
    """The text made of all answers.

    `seams` has one similarity per piece: that of the shared part with the answer before it, or None
    where nothing is shared. Zero says that the shared part was not found.
    """

    text: str
    seams: tuple[float | None, ...]


def join_text(pieces: Sequence[TextPiece], answers: Sequence[str | None]) -> JoinedText:
    """Return the text of the answers, with the source's blanks between them.

    A piece without an answer leaves a mark in its place.
    """
    parts, seams, before = list[str](), list[float | None](), ""
    for piece, given in zip(pieces, answers, strict=True):
        answer = bare(given or "")
        if not answer:
            parts.append(f"{piece.lead}[...]{piece.gap}")
            seams.append(None)
            before = ""
            continue
        own, seam = _own_part(piece, before, answer)
        parts.append(piece.lead + _with_blanks(piece, own) + piece.gap)
        seams.append(seam)
        before = answer
    return JoinedText("".join(parts), tuple(seams))


def _own_part(piece: TextPiece, before: str, answer: str) -> tuple[str, float | None]:
    """Return the part of an answer behind the shared sentences, and their similarity."""
    head = bare("".join(piece.head))
    if not head:
        return answer, None
    if answer == piece.text:  # The answer repeats the source, so its length is known.
        return answer[len(head) :].strip(), 1.0
    if not before:  # The piece before it has no answer, so this one stays whole.
        return answer, None
    own, earlier, shared = sentences(answer), sentences(before), len(piece.head)
    if len(own) > shared <= len(earlier):
        alike = _alike(" ".join(earlier[-shared:]), " ".join(own[:shared]))
        if alike >= SURE:
            return bare("".join(own[shared:])), alike
    words = answer.split()
    expected = round(len(words) * len(head) / max(1, len(piece.text)))
    cut, alike = aligned(before.split(), words, expected)
    return " ".join(words[cut:]), alike


def aligned(before: Sequence[str], after: Sequence[str], expected: int) -> tuple[int, float]:
    """Return how many words of `after` repeat the end of `before`, and how alike both are.

    This is an alignment of the end of one text with the beginning of another. An alignment far from
    the `expected` number of words must be better to be taken. (0, 0.0) means that there is none.

    >>> aligned("a b the quick fox".split(), "the quik fox jumps".split(), 3)
    (3, 0.96)
    >>> aligned("one two".split(), "three four".split(), 1)
    (0, 0.0)
    """
    tail = [fold(word) or word for word in before[-_WORDS_MAX:]]
    ahead = [fold(word) or word for word in after[: min(_WORDS_MAX, len(after) - 1)]]
    # score[j] is the best alignment of any end of the words so far with the first j of `ahead`.
    score = [_GAP * j for j in range(len(ahead) + 1)]
    for word in tail:
        row = [0.0]
        for j, other in enumerate(ahead, 1):
            match = score[j - 1] + 2 * fuzz.ratio(word, other) / 100 - 1
            row.append(max(match, score[j] + _GAP, row[j - 1] + _GAP))
        score = row
    best = max(range(len(score)), key=lambda j: score[j] - _DRIFT * abs(j - expected))
    if best == 0 or score[best] / best < _FOUND:
        return 0, 0.0
    alike = _alike(" ".join(tail[-best:]), " ".join(ahead[:best]))
    return best, round(alike, 2)


def _with_blanks(piece: TextPiece, own: str) -> str:
    """Return an answer with the source's line breaks, as far as its sentences tell their places."""
    if own == bare(piece.core):
        return piece.core.rstrip()
    parts = [each.strip() for each in sentences(own)]
    if len(parts) != len(piece.units) or len(parts) == 1:
        return own
    between = [trailing(unit) for unit in piece.units[:-1]]
    return "".join(part + blank for part, blank in zip(parts, (*between, ""), strict=True))


def _alike(one: str, other: str) -> float:
    return fuzz.ratio(fold(one), fold(other)) / 100
