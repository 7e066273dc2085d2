"""Words to tokens: which of them are items, options, both in one, or nothing anybody knows."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    """What was asked in one message.

    `numbers`: its items, in order. `known`: these and others she may still name.

    `names`: words for the options, see `Meanings`. `skips`: words that leave an item out.
    `fillers`: words that say nothing ("my", "is"); all folded.
    """

    numbers: Sequence[int]
    known: Collection[int]
    options: Sequence[Option]
    names: Meanings
    skips: Collection[str] = ()
    fillers: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """`item` and `value` as far as the token has them; `pair` together in one word (`letter_first`: `A1`); `comma`,
    `all` (as many options as there are items) and `unknown` say what they are."""

    what: Literal["item", "value", "pair", "comma", "all", "unknown"]
    item: int | None = None
    value: str | None = None
    values: tuple[str, ...] = ()
    letter_first: bool = False


_UNKNOWN = Token("unknown")
_COMMA = Token("comma")


def packable(options: Sequence[Option], names: Meanings) -> bool:
    """Can options go by letters here?

    Not where a letter is also the name of another option ("B" for the first).
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
    """`2-` leaves an item out; but in `2- B` the dash only stands between."""
    number = int(fold(digits))
    if number not in asked.known:
        return [_UNKNOWN]
    following = [word for word in following if word]
    if following and _value_of(following[0], asked) is not None:
        return [Token("item", number)]
    return [Token("pair", number, SKIP)]


def _name_at(words: Sequence[str], at: int, longest: int, names: Meanings) -> int:
    """How many words from `at` on are one option's name, the longest first; 0 for none."""
    for size in range(min(longest, len(words) - at), 0, -1):
        part = tuple(words[at : at + size])
        if all(part) and part in names:
            return size
    return 0


def _named(name: tuple[str, ...], typed: str, asked: Packed) -> list[Token]:
    ids = asked.names[name]
    letters = len(name) == 1 and name[0] == typed.casefold() and _row_of_letters(name[0], asked)
    if len(ids) != 1 or (letters and len(asked.numbers) > 1):
        return [_UNKNOWN]  # "aa" may be a word for no, or the letters of two items
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
    """`1a2c3b`, `a1c2b3`, `1yes`, `2skip`; l, i and o are 1 and 0 where they are no part of a known word."""
    for pattern, number, letters in ((_NUMBER_FIRST, 1, 2), (_LETTER_FIRST, 2, 1)):
        for text in (word, word.translate(_LOOKS_LIKE)):
            parts = list(pattern.finditer(text))
            if "".join(part[0] for part in parts) != text or not parts:
                continue
            pairs = [(_number(part[number]), _value_of(part[letters], asked)) for part in parts]
            if all(v is not None for _, v in pairs):
                return [Token("pair", n, v, letter_first=letters == 1) for n, v in pairs]
    # Not understood as a whole: whatever items it names are unclear.
    named = [_number(digits) for digits in re.findall(r"\d+", word)]
    return [Token("pair", n, None) for n in named if n in asked.known] or [_UNKNOWN]


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
