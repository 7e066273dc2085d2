"""The parts of a written number: the digits of its whole part, and its decimals.

Half of the world separates thousands with a comma and decimals with a point, and the other half the
other way round. Some countries write blanks or apostrophes between thousands. A text may therefore
have two readings, and nothing here chooses between them.
"""

import re

_BY_BLANKS = re.compile(r"[1-9]\d{0,2}(?:[ ']\d{3})+")
_ONE_MARK = re.compile(r"(?P<whole>\d+)(?P<mark>[.,])(?P<part>\d+)")
_GROUPS = {
    ".": re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?P<part>\.\d+)?"),
    ",": re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?P<part>,\d+)?"),
}
GROUP = 3
"""The number of digits between two separators of thousands."""

Figure = tuple[str, str]
"""The digits before the decimal mark and those behind it."""


def readings(number: str) -> dict[str | None, Figure]:
    """Return the possible readings of `number` (plain ASCII, without a sign) by decimal mark.

    The key None holds the reading without any mark.

    >>> readings("1,000") == {".": ("1000", ""), ",": ("1", "000")}
    True
    >>> readings("12,5"), readings("1.2.3")
    ({',': ('12', '5')}, {})
    """
    if number.isascii() and number.isdecimal():
        return {None: (number, ""), ".": (number, ""), ",": (number, "")}
    if blanks := _BY_BLANKS.match(number):
        rest = number[blanks.end() :]
        whole = re.sub("[ ']", "", blanks[0])
        if not rest:
            return {None: (whole, ""), ".": (whole, ""), ",": (whole, "")}
        tail = re.fullmatch(r"([.,])(\d+)", rest)
        return {tail[1]: (whole, tail[2])} if tail else {}
    found: dict[str | None, Figure] = {}
    for mark, pattern in _GROUPS.items():
        if grouped := pattern.fullmatch(number):
            part = grouped["part"] or ""
            whole = number.removesuffix(part)
            found[mark] = re.sub("[.,]", "", whole), part[1:]
    if one := _ONE_MARK.fullmatch(number):
        found[one["mark"]] = one["whole"], one["part"]
    return found


def looks_grouped(part: str, whole: str) -> bool:
    """Return whether decimals look like a group of thousands: 1.000 is not read as 1."""
    return len(part) == GROUP and len(whole) <= GROUP and whole != "0"
