"""The normalisation of characters: invisible ones are dropped, and look-alikes become ASCII.

Phone numbers and amounts are copied out of phone books, chats and spreadsheets. There they carry
direction marks, zero-width and soft hyphens, no-break spaces, typographic dashes, and the digits of
another script.
"""

import unicodedata

# The invisible characters beside the format characters (category Cf).
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0\ufe0e\ufe0f")
_AS = {"\u2212": "-", "\u02d7": "-", "\u2043": "-", "\u2800": " ", "\u066b": ".", "\u066c": ",",
       "\u060c": ",", "\u2018": "'", "\u2019": "'", "\u02bc": "'"}  # fmt: skip


def plain(raw: str) -> str:
    r"""Return `raw` with ASCII digits, dashes, blanks and apostrophes, and all of it visible.

    A superscript or circled digit becomes `?`, because it is a footnote and not a digit.

    >>> plain("\u202a+254\u2011711\u202c"), plain("\u0663\u00a0000"), plain("20\u00b2")
    ('+254-711', '3 000', '20?')
    """
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(map(_plain, raw))


def visible(raw: str) -> str:
    r"""Return `raw` without invisible characters and outer blanks, otherwise unchanged.

    >>> visible("\ufeffid\u200b ")
    'id'
    """
    if raw.isascii():
        return raw.strip()
    return "".join(ch for ch in raw if not _is_invisible(ch)).strip()


def _is_invisible(ch: str) -> bool:
    return ch in INVISIBLE or unicodedata.category(ch) == "Cf"


def _plain(ch: str) -> str:
    digit = unicodedata.decimal(ch, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(ch)
    if ch.isspace() or category[0] == "Z":
        return " "
    if category in ("Cf", "Cc") or ch in INVISIBLE:
        return ""
    if category == "Pd":
        return "-"
    known = _AS.get(ch) or unicodedata.normalize("NFKC", ch)
    return "?" if any(c.isdecimal() for c in known) else known
