"""The step from words to tokens: items, options, both in one word, or unknown words."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.phrases.hearing import fold
from gateway.tasks.question import Option

KEYS = "ABCDEFGHJ"
"""The letters of options, in order: nine, as phones have keys, and without I, which looks like 1.
"""
SKIP = ""
"""The value in place of an option's id where an item is left out on purpose."""
PACK_MAX = 9
"""The most items of one message. The highest number of an item is three times as large."""
ITEM_MAX = 3 * PACK_MAX

Meanings = Mapping[tuple[str, ...], frozenset[str]]
"""The ids of the options that each sequence of folded words names."""

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
    """The questions of one message."""

    numbers: Sequence[int]
    """The numbers of its items, in order."""
    known: Collection[int]
    """The numbers that the reply may name: these items and earlier ones that are still open."""
    options: Sequence[Option]
    """The options of every item."""
    names: Meanings
    """The words that name the options, see `Meanings`."""
    skips: Collection[str] = ()
    """The words that leave an item out, folded."""
    fillers: Collection[str] = ()
    """The words without a meaning ("my", "is"), folded."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a reply, with the `item` and the `value` that it names.

    A `pair` stands in one word (`letter_first`: `A1`). `all` is a row of as many options as there
    are items. `comma` and `unknown` stand for themselves.
    """

    what: Literal["item", "value", "pair", "comma", "all", "unknown"]
    item: int | None = None
    value: str | None = None
    values: tuple[str, ...] = ()
    letter_first: bool = False


_UNKNOWN = Token("unknown")
_COMMA = Token("comma")


def packable(options: Sequence[Option], names: Meanings) -> bool:
    """Return True if options can be answered by letters here.

    They cannot where a letter is also the name of another option ("B" for the first).
    """
    if not 2 <= len(options) <= len(KEYS):  # noqa: PLR2004
        return False
    keyed = _keyed(options)
    return all(
        names.get((letter,), frozenset({option})) == frozenset({option})
        for letter, option in keyed.items()
    )


def _keyed(options: Sequence[Option]) -> dict[str, str]:
    return {key.casefold(): o.id for key, o in zip(KEYS, options, strict=False)}


def tokens(said: str, asked: Packed) -> list[Token]:
    """Return the tokens of a reply, in order."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", said))
    pieces = list(_PIECE.finditer(text))
    words = [fold(piece["word"]) if piece["word"] else "" for piece in pieces]
    longest = max((len(name) for name in asked.names), default=1)
    found: list[Token] = []
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


def _left_out(digits: str, asked: Packed, following: list[str]) -> list[Token]:
    """Return the tokens of `2-`, which leaves an item out; in `2- B` the dash only separates."""
    number = int(fold(digits))
    if number not in asked.known:
        return [_UNKNOWN]
    following = [word for word in following if word]
    if following and _value_of(following[0], asked) is not None:
        return [Token("item", number)]
    return [Token("pair", number, SKIP)]


def _name_at(words: Sequence[str], at: int, longest: int, names: Meanings) -> int:
    """Return the number of words from `at` on that name one option; 0 for none.

    The longest name wins.
    """
    for size in range(min(longest, len(words) - at), 0, -1):
        part = tuple(words[at : at + size])
        if all(part) and part in names:
            return size
    return 0


def _named(name: tuple[str, ...], typed: str, asked: Packed) -> list[Token]:
    ids = asked.names[name]
    letters = len(name) == 1 and name[0] == typed.casefold() and _row_of_letters(name[0], asked)
    if len(ids) != 1 or (letters and len(asked.numbers) > 1):
        return [_UNKNOWN]  # "aa" may be a word for no, or the letters of two items.
    return [Token("value", value=next(iter(ids)))]


def _word(word: str, asked: Packed) -> list[Token]:
    if not word or (word in asked.fillers and word not in _keyed(asked.options)):
        return []
    value = _value_of(word, asked)
    if value is not None:
        return [Token("value", value=value)]
    if word.isdecimal():
        number = _number(word)
        return [Token("item", number) if number in asked.known else _UNKNOWN]
    if not any(ch.isdigit() for ch in word):
        row = _row_of_letters(word, asked)
        if row:
            return [Token("all", values=row)]
    return _glued(word, asked)


def _glued(word: str, asked: Packed) -> list[Token]:
    """Return the tokens of a word like `1a2c3b`, `a1c2b3`, `1yes` or `2skip`.

    The letters l, i and o stand for 1 and 0 where they are not part of a known word.
    """
    for pattern, number, letters in ((_NUMBER_FIRST, 1, 2), (_LETTER_FIRST, 2, 1)):
        for text in (word, word.translate(_LOOKS_LIKE)):
            parts = list(pattern.finditer(text))
            if "".join(part[0] for part in parts) != text or not parts:
                continue
            pairs = [(_number(part[number]), _value_of(part[letters], asked)) for part in parts]
            if all(v is not None for _, v in pairs):
                return [Token("pair", n, v, letter_first=letters == 1) for n, v in pairs]
    # The word is not understood as a whole, so the items that it names are unclear.
    named = [_number(digits) for digits in re.findall(r"\d+", word)]
    return [Token("pair", n, None) for n in named if n in asked.known] or [_UNKNOWN]


def _value_of(word: str, asked: Packed) -> str | None:
    """Return the option that a single word means by its letter or its name, SKIP, or None."""
    if word in asked.skips and (word,) not in asked.names:
        return SKIP
    named = asked.names.get((word,), frozenset())
    key = _keyed(asked.options).get(word)
    ids = named | {key} if key else named
    return next(iter(ids)) if len(ids) == 1 else None


def _row_of_letters(word: str, asked: Packed) -> tuple[str, ...]:
    """Return the options of a row of letters like `acb`, if there is one letter per item."""
    keyed = _keyed(asked.options)
    if len(word) != len(asked.numbers) or len(word) < 2 or not all(ch in keyed for ch in word):  # noqa: PLR2004
        return ()
    return tuple(keyed[ch] for ch in word)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 3 else -1  # noqa: PLR2004  no item has that many digits
