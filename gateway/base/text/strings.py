"""The check of all strings that a client, a coordinator or an operator chooses.

A name ends in an SMS, on a screen, in a terminal and in a table. So it may contain nothing with an
effect there: control characters (ESC, BEL, line breaks), marks that turn the direction of the text
behind them, and invisible characters. Ids are compared, so they are kept in one Unicode normal form
(NFC): two spellings of one id are one id.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gateway.base.errors import Refused

ID_CHARACTERS_MAX = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
# These characters act on a terminal (control characters but tab and line ends, halves of
# characters), or embed, override or isolate a direction. The text behind such a mark reads
# differently from the stored text.
_ACTS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# Seven digits or more, in groups as phone numbers are usually written.
_NUMBER = re.compile(r"[+(]*\d(?:[ ()./+-]{0,3}\d){6,}")
_UNSEEN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb"
)
LINE_PATTERN = rf"^[^{_UNSEEN}]*[^\s{_UNSEEN}][^{_UNSEEN}]*$"
"""The pattern of a line for /openapi.json, as far as a pattern can express it. `line` decides."""
# Joiners shape letters in some scripts and in emoji. Every other format character is invisible.
_JOINERS = "\u200c\u200d"


def line(text: str, field: str, most: int, *, least: int = 1) -> str:
    """Return a single line without blanks at its ends.

    Raises Refused naming the field and the character.
    """
    # the fast path, because an upload has 100,000 of them
    if text.isascii() and text.isprintable():
        return _fitting(text.strip(), field, least, most)
    if _SURROGATE.search(text):
        raise Refused(
            f"{field}: half a character (a lone surrogate) must not be in it", field=field
        )
    # NFC also keeps an SMS cheap, because a letter that is composed of two characters costs more.
    found = unicodedata.normalize("NFC", text.strip(" "))
    for char in found:
        kind = unicodedata.category(char)
        if kind in {"Cc", "Cs", "Zl", "Zp"} or (kind == "Cf" and char not in _JOINERS):
            raise Refused(f"{field}: {_named(char)} must not be in it", field=field)
    return _fitting(found.strip(), field, least, most)


def _fitting(found: str, field: str, least: int, most: int) -> str:
    if not least <= len(found) <= most:
        raise Refused(f"{field}: {least} to {most} characters, not {len(found):,}", field=field)
    return found


def numbers_masked(text: str) -> str:
    """Return a text in which possible phone numbers are cut to their last two digits.

    It is used for texts that are stored or sent back.

    >>> numbers_masked("0745 000-005 +1 is no number"), numbers_masked("ADD +254712345678 Amina")
    ('..51 is no number', 'ADD ..78 Amina')
    >>> numbers_masked("KES 1,234.50 for 123456 answers")
    'KES 1,234.50 for 123456 answers'
    """
    return _NUMBER.sub(lambda found: f"..{_digits(found[0])[-2:]}", text)


def holds_number(text: str) -> bool:
    """Return whether the text may contain a phone number."""
    return _NUMBER.search(text) is not None


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def is_line(text: str, most: int) -> bool:
    """Return whether the text is a clean single line."""
    try:
        line(text, "", most)
    except Refused:
        return False
    return True


def prose(text: str, field: str) -> str:
    """Return a text that may have several lines.

    Raises Refused for a character that acts on a terminal or turns a direction.
    """
    if bad := _ACTS.search(text):
        raise Refused(f"{field}: {_named(bad[0])} must not be in it", field=field)
    return text


def identifier(text: str, field: str, most: int = ID_CHARACTERS_MAX) -> str:
    r"""Return an id in the form in which it is stored and looked up.

    Raises Refused naming the field.

    >>> identifier("cafe\u0301", "id") == identifier("caf\u00e9", "id")
    True
    """
    found = line(text, field, most)
    if not found.isascii() and any(joiner in found for joiner in _JOINERS):
        raise Refused(f"{field}: an invisible character must not be in it", field=field)
    return found


def _named(char: str) -> str:
    code = f"U+{ord(char):04X}"
    name = unicodedata.name(char, "")
    return f"the character {code} ({name})" if name else f"the control character {code}"


def _checked(read: Callable[[str], str]) -> AfterValidator:
    """Return a check for a field of a model. The model names the field in the error."""

    def check(text: str) -> str:
        try:
            return read(text)
        except Refused as bad:
            raise PydanticCustomError(
                "text", "{why}", {"why": str(bad).removeprefix(": ")}
            ) from None

    return AfterValidator(check)


def _one_line(most: int) -> tuple[object, AfterValidator]:
    described = Field(min_length=1, max_length=most, json_schema_extra={"pattern": LINE_PATTERN})
    return described, _checked(lambda text: line(text, "", most))


Line40 = Annotated[str, *_one_line(40)]
Line100 = Annotated[str, *_one_line(100)]
Line160 = Annotated[str, *_one_line(160)]
Line200 = Annotated[str, *_one_line(200)]
Line500 = Annotated[str, *_one_line(500)]
Id = Annotated[
    str,
    Field(min_length=1, max_length=ID_CHARACTERS_MAX, json_schema_extra={"pattern": LINE_PATTERN}),
    _checked(lambda text: identifier(text, "")),
]
"""A client's own id of a task or an option."""
