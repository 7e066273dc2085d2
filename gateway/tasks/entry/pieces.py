"""The ways to divide one reply among several fields.

Fields are separated by line ends, semicolons, bars or commas, or each begins with its number or its
name. A line end always separates. Any other mark may also be part of a value, so every division
that the marks allow is returned, and the caller looks which of them can be read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

from gateway.phrases.hearing import clean
from gateway.tasks.question import Field

Division = Mapping[str, str]
"""The words for each field, by the field's name."""

DIVISIONS_MAX = 400
"""The most divisions that are looked at. A reply with more of them is asked back."""
CHOICES_MAX = 1_000
"""The most choices of labels that are looked at."""
_LABELS_MAX = 18
_COMMAS, _STRONG = ",\u060c\u1363", ";|\u061b\u1364"  # with those of Arabic and Ethiopic
_MARK = re.compile(rf"\s*\n\s*|\s*[{_STRONG}]\s*|[{_COMMAS}]\s*(?=\S)")
_ENDS = f" \t\n{_COMMAS}{_STRONG}"
_BARE_NUMBER = re.compile(r"\d[\d.,]*")
_COMMA_OF_VALUE = re.compile(rf"\d[{_COMMAS}]\d|\d\s*[{_COMMAS}]\s*\d{{4}}(?!\d)")
_STRONG_INSIDE = re.compile(f"[{_STRONG}]")
_COMMA_INSIDE = re.compile(f"[{_COMMAS}]")


def divided(said: str, fields: Sequence[Field]) -> list[Division]:
    """Return every division of a reply at its marks into exactly one piece per field, in order.

    >>> one, two = Field("name", "name", 1), Field("amount", "money", 2)
    >>> divided("Amina, 12,5", [one, two])
    [{'name': 'Amina', 'amount': '12,5'}]
    """
    if len(fields) == 1:
        return [{fields[0].name: clean(said)}]
    text = _lines(said)
    marks = [found[0] for found in _MARK.finditer(text)]
    atoms = [clean(atom) for atom in _MARK.split(text)]
    must = [at for at, mark in enumerate(marks) if "\n" in mark]
    may = [at for at, mark in enumerate(marks) if "\n" not in mark]
    wanted = len(fields) - 1 - len(must)
    if not 0 <= wanted <= len(may) or comb(len(may), wanted) > DIVISIONS_MAX:
        return []
    found: list[Division] = []
    for chosen in combinations(may, wanted):
        cuts = sorted([*must, *chosen])
        pieces = _joined(atoms, marks, frozenset(cuts))
        if _allowed(pieces, [marks[cut] for cut in cuts], fields):
            found.append({f.name: piece for f, piece in zip(fields, pieces, strict=True)})
    return found


def certain_division(said: str, fields: Sequence[Field]) -> Division | None:
    """Return the only division of a reply that cannot be meant otherwise, even if a value is wrong.

    There is one line per field, or one semicolon between two fields. Commas count where no value
    can hold one: no field is a text, and no comma stands within a number or before a year. Return
    None for any other reply.

    >>> one, two = Field("name", "name", 1), Field("note", "text", 2)
    >>> certain_division("Amina, tall", [one, two]) is None
    True
    >>> certain_division("Amina; tall, old", [one, two])
    {'name': 'Amina', 'note': 'tall, old'}
    """
    text = _lines(said)
    marks = [found[0] for found in _MARK.finditer(text)]
    commas = not any(one.type == "text" for one in fields) and not _COMMA_OF_VALUE.search(text)
    for pattern, counts in ((r"\n", True), (f"[{_STRONG}]", True), (f"[{_COMMAS}]", commas)):
        cuts = [mark for mark in marks if re.search(pattern, mark)]
        if cuts:
            pieces = [clean(piece) for piece in re.split(rf"\s*{pattern}\s*", text)]
            pieces = [piece for piece in pieces if piece] if pattern == r"\n" else pieces
            if not counts or len(pieces) != len(fields):
                return None
            return {one.name: piece for one, piece in zip(fields, pieces, strict=True)}
    return {fields[0].name: clean(said)} if len(fields) == 1 else None


def _lines(said: str) -> str:
    return said.replace("\r\n", "\n").replace("\r", "\n").strip(_ENDS)


def _joined(atoms: Sequence[str], marks: Sequence[str], cuts: frozenset[int]) -> list[str]:
    pieces, piece = list[str](), atoms[0]
    for at, mark in enumerate(marks):
        if at in cuts:
            pieces.append(piece)
            piece = atoms[at + 1]
        else:
            piece += mark + atoms[at + 1]
    return [*map(clean, pieces), clean(piece)]


def _allowed(pieces: Sequence[str], cuts: Sequence[str], fields: Sequence[Field]) -> bool:
    """Return False where a cut would split a number, or a piece holds a mark that it cannot."""
    for at, cut in enumerate(cuts):
        # In "450,3" the comma may stand before decimals, so it divides nothing.
        if cut in _COMMAS and pieces[at][-1:].isdecimal() and _BARE_NUMBER.fullmatch(pieces[at + 1]):  # fmt: skip
            return False
    signs = {cut.strip() for cut in cuts}
    if not any(signs):  # Every field has a line of its own.
        return True
    by_comma = any(sign in _COMMAS for sign in signs if sign)
    return all(
        field.type == "text"
        or not (
            _STRONG_INSIDE.search(piece)
            or (by_comma and field.type in ("name", "choice") and _COMMA_INSIDE.search(piece))
        )
        for field, piece in zip(fields, pieces, strict=True)
    )


def without_label(field: Field, piece: str, *, explicit: bool = False) -> str | None:
    """Return a piece without the number or the name of its field in front; None without one.

    With `explicit` a blank behind the number is not enough.

    >>> amount = Field("amount", "money", 2, {"en": "Amount"})
    >>> without_label(amount, "2 450"), without_label(amount, "2) 450")
    ('450', '450')
    >>> without_label(amount, "amount: 450"), without_label(amount, "250")
    ('450', None)
    """
    found = re.match(_labels(field), piece, re.IGNORECASE)
    if found and explicit and not re.search(r"[^\s\d]", found[0]):
        return None
    rest = piece[found.end() :].strip(_ENDS) if found else ""
    return rest or None


@dataclass(frozen=True, slots=True)
class _Label:
    """A number or name of a field in a reply. `explicit` is False where only a blank follows."""

    start: int
    end: int
    field: Field
    explicit: bool


def named(said: str, fields: Sequence[Field], *, bare: bool) -> list[Division]:
    """Return every division of a reply whose pieces begin with the number or name of their field.

    The pieces may come in any order, and fields may be missing. A number that only a blank
    separates from its value counts with `bare`, and then only in the order of the fields.

    >>> one, two = Field("name", "name", 1), Field("amount", "money", 2)
    >>> named("1 Amina 2 450", [one, two], bare=True)[0]
    {'name': 'Amina', 'amount': '450'}
    """
    text = _lines(said)
    labels = _found_labels(text, fields, bare=bare)
    if not labels or labels[0].start != 0 or len(labels) > _LABELS_MAX:
        return []
    found: list[Division] = []
    for number, chosen in enumerate(_chains(labels, 0, ())):
        if number > CHOICES_MAX:
            return []
        ends = [label.start for label in chosen[1:]] + [len(text)]
        pieces = [
            text[label.end : end].strip(_ENDS) for label, end in zip(chosen, ends, strict=True)
        ]
        if all(pieces) and not any("\n" in piece for piece in pieces):
            named_pieces = zip(chosen, pieces, strict=True)
            found.append({label.field.name: clean(piece) for label, piece in named_pieces})
    return found


def _found_labels(text: str, fields: Sequence[Field], *, bare: bool) -> list[_Label]:
    labels: list[_Label] = []
    for field in fields:
        pattern = rf"(?:(?<=[\s{_COMMAS}{_STRONG}])|\A){_labels(field)}"
        for found in re.finditer(pattern, text, re.IGNORECASE):
            explicit = re.search(r"[^\s\d]", found[0]) is not None
            if explicit or bare:
                labels.append(_Label(found.start(), found.end(), field, explicit))
    return sorted(labels, key=lambda label: (label.start, label.end))


def _chains(
    labels: Sequence[_Label], at: int, chosen: tuple[_Label, ...]
) -> Iterator[tuple[_Label, ...]]:
    """Yield every choice of labels that begins the text and names no field twice."""
    if at == len(labels):
        if chosen:
            yield chosen
        return
    label = labels[at]
    last = chosen[-1] if chosen else None
    fits = label.start == 0 if last is None else label.start >= last.end
    fits = fits and all(label.field.name != other.field.name for other in chosen)
    if fits and (label.explicit or last is None or last.field.number < label.field.number):
        yield from _chains(labels, at + 1, (*chosen, label))
    yield from _chains(labels, at + 1, chosen)


def _labels(field: Field) -> str:
    """Return the pattern of a field's number or name in front of its value."""
    return _label_pattern(field.number, tuple(sorted({field.name, *field.labels.values()})))


@lru_cache(maxsize=512)
def _label_pattern(number: int, names: tuple[str, ...]) -> str:
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # In 1.5 and 2-3 the sign belongs to the value.
    digits = rf"{number}(?:\s*[):=]\s*|\s*\.\s+|\s+-\s+|\s+)"
    return rf"(?:{digits}|(?:{words})\s*[:=]\s*)"
