"""Comparable Ethiopic writing: homophones become one letter, and Ethiopic numerals become digits.

Amharic writes some sounds with several letters, and writers choose among them freely. Each series
has seven forms at consecutive code points (Unicode block Ethiopic, U+1200 to U+137F). The pairs are
those that Amharic text normalisation commonly merges: the four letters for h, two for s, two for
the glottal stop and two for ts.
"""

import re

_FORMS = 7
_SERIES = {  # first form written -> first form kept
    0x1210: 0x1200,  # hha -> ha
    0x1280: 0x1200,  # xa -> ha
    0x12B8: 0x1200,  # kxa -> ha
    0x1220: 0x1230,  # sza -> sa
    0x12D0: 0x12A0,  # pharyngeal a -> glottal a
    0x1340: 0x1338,  # tza -> tsa
}
_LIKE_FIRST = (0x1200, 0x12A0)  # where the fourth form sounds like the first
_LABIAL = {
    0x124A: 0x1241,
    0x124D: 0x1241,
    0x12B2: 0x12A9,
    0x12B5: 0x12A9,
    0x1312: 0x1309,
    0x1315: 0x1309,
}
_LETTERS = (
    {written + form: kept + form for written, kept in _SERIES.items() for form in range(_FORMS)}
    | _LABIAL
    | {first + 3: first for first in _LIKE_FIRST}
    | {written + 3: kept for written, kept in _SERIES.items() if kept in _LIKE_FIRST}
)
_ONES, _TENS = "[\u1369-\u1371]", "[\u1372-\u137a]"
NUMERAL = re.compile(f"{_TENS}{_ONES}?|{_ONES}")
"""A number up to 99."""
NUMERALS = re.compile("[\u1369-\u137c]+")
"""Adjacent numerals of any value."""
_ETHIOPIC = re.compile("[\u1200-\u137f]")


def folded(text: str) -> str:
    """Return `text` with one letter per sound, and numerals up to 99 as digits.

    >>> folded("፣፩"), folded("፴፫"), folded("ሐዐ") == folded("ሀአ")
    ('፣1', '33', True)
    """
    if not _ETHIOPIC.search(text):
        return text
    return NUMERAL.sub(_number, text).translate(_LETTERS)


def _number(found: re.Match[str]) -> str:
    total = 0
    for ch in found[0]:
        ones = ord(ch) - 0x1368
        total += ones if ones < 10 else (ones - 9) * 10  # noqa: PLR2004  the tens follow the nine ones
    return str(total)
