"""Reading one reply to several numbered questions: `1A 2C 3B`, `ACB`, `1 a, 2c`, `a1 c2`, `1 yes 2 no`.

Items have numbers, options have letters, so that no sign can mean both; I, L and O are no option's letter, for they
look like 1 and 0. Reading is tolerant of how people type and strict about what they mean:

- number and letter in one word (`1A`, `A1`) belong together, whatever separates such words;
- apart (`1 A 2 B`), they are paired in the one order, number first or letter first, that fits; where both or none
  fit, none of them is taken;
- options alone (`ACB`, `yes no yes`) count only when they are exactly as many as were asked;
- a word nobody knows makes its neighbours unclear, and an item with two answers has none.

So an answer is recorded only where there is one way to read it; the rest is asked again.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.phrases.hearing import fold
from gateway.tasks.question import Option

KEYS = "ABCDEFGHJ"
"""The letters of options, in order: nine as phones have keys, without I, which looks like 1."""
SKIP = ""
"""What stands in place of an option's id where an item is left out on purpose."""
PACK_MAX = 9
"""Items of one message at most; and three times that is the highest number an item gets."""
ITEM_MAX = 3 * PACK_MAX

Meanings = Mapping[tuple[str, ...], frozenset[str]]
"""Folded words -> ids of the options they name."""

_PIECE = re.compile(
    r"(?P<skipped>\d+)[-\u2010-\u2015](?=\s|[,;]|$)"
    r"|(?P<word>[^\W_]+(?:['`\u2018\u2019\u02bc][^\W_]+)*)"
    r"|(?P<comma>[,;\r\n]+)"
)
_INVISIBLE = re.compile("[\ufe0e\ufe0f\u20e3\u200b-\u200f\u2060\ufeff]")
_LOOKS_LIKE = str.maketrans("lio", "110")
_NUMBER_FIRST = re.compile(r"(\d+)([^\d]+)")
_LETTER_FIRST = re.compile(r"([^\d]+)(\d+)")


@dataclass(frozen=True, slots=True)
class Packed:
    """What was asked in one message. `numbers`: its items, in order. `known`: these and others she may still name.

    `names`: words for the options, see `Meanings`. `skips`: words that leave an item out. `fillers`: words that say
    nothing ("my", "is"); all folded.
    """

    numbers: Sequence[int]
    known: Collection[int]
    options: Sequence[Option]
    names: Meanings
    skips: Collection[str] = ()
    fillers: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class PackReading:
    """`values`: item -> id of the option she named, where she named one and only one. `skipped`: left out on purpose.
    `unclear`: named, but not understood."""

    values: Mapping[int, str] = field(default_factory=dict[int, str])
    skipped: frozenset[int] = frozenset()
    unclear: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        return not self.values and not self.skipped


@dataclass(frozen=True, slots=True)
class _Token:
    """`item` and `value` as far as the token has them; `pair` together in one word (`letter_first`: `A1`); `comma`,
    `all` (as many options as there are items) and `unknown` say what they are."""

    what: Literal["item", "value", "pair", "comma", "all", "unknown"]
    item: int | None = None
    value: str | None = None
    values: tuple[str, ...] = ()
    letter_first: bool = False


_UNKNOWN = _Token("unknown")
_COMMA = _Token("comma")


def packable(options: Sequence[Option], names: Meanings) -> bool:
    """Can options go by letters here? Not where a letter is also the name of another option ("B" for the first)."""
    if not 2 <= len(options) <= len(KEYS):  # noqa: PLR2004
        return False
    keyed = _keyed(options)
    return all(
        names.get((letter,), frozenset({option})) == frozenset({option})
        for letter, option in keyed.items()
    )


def read_packed(said: str, asked: Packed) -> PackReading:
    """What a reply says of each item, never guessed."""
    tokens = _tokens(said, asked)
    meant = [token for token in tokens if token.what != "comma"]
    whole = _whole(meant, asked)
    if whole is not None:
        return whole
    found: list[tuple[int, str | None]] = []
    clauses = _clauses(tokens)
    if clauses is not None:
        for clause, poisoned in clauses:
            found += [(n, None if poisoned else v) for n, v in _clause(clause)]
    else:
        found = _flat(meant)
    unknown = sum(token.what in ("unknown", "all") for token in meant)
    if unknown > len(meant) - unknown:  # prose with a number in it is no list of answers
        found = [(number, None) for number, _ in found]
    # A number that was never asked answers nothing.
    return _agreed([(number, value) for number, value in found if number in asked.known])


# --- words to tokens ---------------------------------------------------------------------------------------


def _keyed(options: Sequence[Option]) -> dict[str, str]:
    return {key.casefold(): o.id for key, o in zip(KEYS, options, strict=False)}


def _tokens(said: str, asked: Packed) -> list[_Token]:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", said))
    pieces = list(_PIECE.finditer(text))
    words = [fold(piece["word"]) if piece["word"] else "" for piece in pieces]
    longest = max((len(name) for name in asked.names), default=1)
    found: list[_Token] = []
    at = 0
    while at < len(pieces):
        if pieces[at]["comma"]:
            found.append(_COMMA)
            at += 1
            continue
        if pieces[at]["skipped"]:
            found += _left_out(pieces[at]["skipped"], asked, words[at + 1 : at + 2])
            at += 1
            continue
        size = _name_at(words, at, longest, asked.names)
        if size:
            found += _named(tuple(words[at : at + size]), pieces[at]["word"], asked)
        else:
            size = 1
            found += _word(words[at], asked)
        at += size
    return found


def _left_out(digits: str, asked: Packed, following: list[str]) -> list[_Token]:
    """`2-` leaves an item out; but in `2- B` the dash only stands between."""
    number = int(fold(digits))
    if number not in asked.known:
        return [_UNKNOWN]
    following = [word for word in following if word]
    if following and _value_of(following[0], asked) is not None:
        return [_Token("item", number)]
    return [_Token("pair", number, SKIP)]


def _name_at(words: Sequence[str], at: int, longest: int, names: Meanings) -> int:
    """How many words from `at` on are one option's name, the longest first; 0 for none."""
    for size in range(min(longest, len(words) - at), 0, -1):
        part = tuple(words[at : at + size])
        if all(part) and part in names:
            return size
    return 0


def _named(name: tuple[str, ...], typed: str, asked: Packed) -> list[_Token]:
    ids = asked.names[name]
    letters = len(name) == 1 and name[0] == typed.casefold() and _row_of_letters(name[0], asked)
    if len(ids) != 1 or (letters and len(asked.numbers) > 1):
        return [_UNKNOWN]  # "aa" may be a word for no, or the letters of two items
    return [_Token("value", value=next(iter(ids)))]


def _word(word: str, asked: Packed) -> list[_Token]:
    if not word or (word in asked.fillers and word not in _keyed(asked.options)):
        return []
    value = _value_of(word, asked)
    if value is not None:
        return [_Token("value", value=value)]
    if word.isdecimal():
        number = _number(word)
        return [_Token("item", number) if number in asked.known else _UNKNOWN]
    if not any(ch.isdigit() for ch in word):
        row = _row_of_letters(word, asked)
        if row:
            return [_Token("all", values=row)]
    return _glued(word, asked)


def _glued(word: str, asked: Packed) -> list[_Token]:
    """`1a2c3b`, `a1c2b3`, `1yes`, `2skip`; l, i and o are 1 and 0 where they are no part of a known word."""
    for pattern, number, letters in ((_NUMBER_FIRST, 1, 2), (_LETTER_FIRST, 2, 1)):
        for text in (word, word.translate(_LOOKS_LIKE)):
            parts = list(pattern.finditer(text))
            if "".join(part[0] for part in parts) != text or not parts:
                continue
            pairs = [(_number(part[number]), _value_of(part[letters], asked)) for part in parts]
            if all(v is not None for _, v in pairs):
                return [_Token("pair", n, v, letter_first=letters == 1) for n, v in pairs]
    # Not understood as a whole: whatever items it names are unclear.
    named = [_number(digits) for digits in re.findall(r"\d+", word)]
    return [_Token("pair", n, None) for n in named if n in asked.known] or [_UNKNOWN]


def _value_of(word: str, asked: Packed) -> str | None:
    """The option a single word means by its letter or its name, SKIP, or None."""
    if word in asked.skips and (word,) not in asked.names:
        return SKIP
    named = asked.names.get((word,), frozenset())
    key = _keyed(asked.options).get(word)
    ids = named | {key} if key else named
    return next(iter(ids)) if len(ids) == 1 else None


def _row_of_letters(word: str, asked: Packed) -> tuple[str, ...]:
    """`acb` as the options of three items; nothing when there are not three."""
    keyed = _keyed(asked.options)
    if len(word) != len(asked.numbers) or len(word) < 2 or not all(ch in keyed for ch in word):  # noqa: PLR2004
        return ()
    return tuple(keyed[ch] for ch in word)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 3 else -1  # noqa: PLR2004  no item has that many digits


# --- tokens to answers -------------------------------------------------------------------------------------


def _whole(tokens: Sequence[_Token], asked: Packed) -> PackReading | None:
    """Options alone, exactly as many as items were asked: they answer them in order."""
    if [token.what for token in tokens] == ["all"]:
        return PackReading(dict(zip(asked.numbers, tokens[0].values, strict=True)))
    values = [token.value for token in tokens if token.what == "value"]
    if len(values) != len(tokens) or len(values) != len(asked.numbers) or SKIP in values:
        return None
    return _agreed(list(zip(asked.numbers, values, strict=True)))


def _clauses(tokens: Sequence[_Token]) -> list[tuple[list[_Token], bool]] | None:
    """The parts between commas and line ends, where each speaks of its own item; None where they do not. With each:
    is it made unclear by a part before it that nobody understands?"""
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token.what == "comma":
            parts.append([])
        else:
            parts[-1].append(token)
    parts = [part for part in parts if part]
    if len(parts) < 2 or not all(map(_speaks_for_itself, parts)):  # noqa: PLR2004
        return None
    strange = [all(token.what in ("unknown", "all") for token in part) for part in parts]
    return [(part, at > 0 and strange[at - 1]) for at, part in enumerate(parts)]


def _speaks_for_itself(part: Sequence[_Token]) -> bool:
    items = sum(token.what == "item" for token in part)
    values = sum(token.what == "value" for token in part)
    pairs = sum(token.what == "pair" for token in part)
    return values <= items <= 1 and not (items and pairs)


def _clause(part: Sequence[_Token]) -> list[tuple[int, str | None]]:
    """One item with its value beside it, in either order; or words that hold both."""
    item = next((token.item for token in part if token.what == "item"), None)
    if item is None:
        return _flat(part)
    value = next((token.value for token in part if token.what == "value"), None)
    clear = all(token.what in ("item", "value") for token in part)
    return [(item, value if clear else None)]


def _flat(tokens: Sequence[_Token]) -> list[tuple[int, str | None]]:
    """Pairs as they stand; loose numbers and options in the one order that fits."""
    found: list[tuple[int, str | None]] = []
    runs = _runs(tokens)
    for at, run in enumerate(runs):
        around = [*runs[max(0, at - 1) : at], *runs[at + 1 : at + 2]]
        if run[0].what in ("unknown", "all"):
            continue
        strange = any(o[0].what in ("unknown", "all") or _options_only(o) for o in around)
        # In "1)A2" the letter may belong to either number.
        torn = run[0].letter_first and at > 0 and runs[at - 1][-1].what == "item"
        pairs = _of_pair(run[0]) if run[0].what == "pair" else _loose(run)
        found += [(n, None if strange or torn else v) for n, v in pairs]
    return _as_a_whole(tokens, found)


def _of_pair(token: _Token) -> list[tuple[int, str | None]]:
    return [(token.item, token.value)] if token.item is not None else []


def _as_a_whole(
    tokens: Sequence[_Token], found: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """Where the whole reply can be read in one order with nothing left over, nothing else may be taken:
    "1)A2)B" is 1A 2B, though A2 stands together."""
    loose: list[_Token] = []
    for t in tokens:
        if t.what in ("unknown", "all") or (t.what == "pair" and t.value is None):
            return found
        if t.what == "pair":
            both = [_Token("item", t.item), _Token("value", value=t.value)]
            loose += both[::-1] if t.letter_first else both
        else:
            loose.append(t)
    for way in (_in_order(loose), _in_order(loose[::-1])):
        if way is not None and None not in way.values():
            return [(n, v if way.get(n) == v else None) for n, v in found]
    return found


def _runs(tokens: Sequence[_Token]) -> list[list[_Token]]:
    """Neighbours of one sort: each pair alone, each unknown word alone, loose numbers and options together."""
    runs: list[list[_Token]] = []
    for token in tokens:
        loose = token.what in ("item", "value")
        if loose and runs and runs[-1][0].what in ("item", "value"):
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs


def _options_only(run: Sequence[_Token]) -> bool:
    return all(token.what == "value" for token in run)


def _loose(run: Sequence[_Token]) -> list[tuple[int, str | None]]:
    """Number first or option first, whichever fits; unclear where both do and differ, or neither does."""
    items = [token.item for token in run if token.item is not None]
    ways = [way for way in (_in_order(run), _in_order(run[::-1])) if way is not None]
    if not ways:
        return [(item, None) for item in items]
    # Two ways fit a run like "1 A 2": each says something else, so nothing is said.
    return [(n, v if all(way[n] == v for way in ways) else None) for n, v in ways[0].items()]


def _in_order(run: Sequence[_Token]) -> dict[int, str | None] | None:
    """Each number followed by its option, or by none; None when the run is not like that."""
    found: dict[int, str | None] = {}
    last: int | None = None
    for token in run:
        if token.what == "item" and token.item is not None:
            if token.item in found:
                return None
            found[token.item], last = None, token.item
        elif last is None or found[last] is not None:
            return None
        else:
            found[last] = token.value
    return found


def _agreed(found: Sequence[tuple[int, str | None]]) -> PackReading:
    """An item with one value has it; with none or two it is unclear."""
    said: dict[int, set[str | None]] = {}
    for number, value in found:
        said.setdefault(number, set()).add(value)
    values = {n: v for n, vs in said.items() if len(vs) == 1 and (v := next(iter(vs)))}
    skipped = frozenset(n for n, vs in said.items() if vs == {SKIP})
    return PackReading(values, skipped, frozenset(said) - values.keys() - skipped)
