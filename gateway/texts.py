"""Strings that a client, a coordinator or an operator chooses: one check for all of them.

A name ends in an SMS, on a screen, in a terminal and in a table. So it may hold nothing that acts
there: control characters (ESC, BEL, line breaks), marks that turn the direction of what follows,
characters that cannot be seen. Ids are compared, so they are kept in one Unicode normal form (NFC):
two spellings of one id are one id.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gateway.errors import Refused

ID_CHARACTERS_MAX = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
# What acts on a terminal (control characters but tab and line ends, halves of characters), and
# marks that embed, override or isolate a direction: what follows them reads differently from what
# is stored.
_ACTS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
# Seven digits or more, in groups as people write them.
_NUMBER = re.compile(r"[+(]*\d(?:[ ()./+-]{0,3}\d){6,}")
_UNSEEN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb"
)
LINE_PATTERN = rf"^[^{_UNSEEN}]*[^\s{_UNSEEN}][^{_UNSEEN}]*$"
"""What a line is for /openapi.json, as far as a pattern can say it; `line` decides."""
# Joiners shape letters in some scripts and in emoji; every other format character is invisible.
_JOINERS = "\u200c\u200d"


def line(text: str, field: str, most: int, *, least: int = 1) -> str:
    """Return a single line without blanks at its ends.

    Raises Refused naming the field and the character.
    """
    if text.isascii() and text.isprintable():  # an upload has 100,000 of them
        return _fitting(text.strip(), field, least, most)
    if _SURROGATE.search(text):
        raise Refused(
            f"{field}: half a character (a lone surrogate) must not be in it", field=field
        )
    # One form: a letter that is composed of two characters would also make an SMS dearer.
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
    """Return a text that is stored or sent back with what may be a phone number cut to its last two digits.

    >>> numbers_masked("0745 000-005 +1 is not a phone number"), numbers_masked("ADD +254712345678 Amina")
    ('..51 is not a phone number', 'ADD ..78 Amina')
    >>> numbers_masked("KES 1,234.50 for 123456 answers")
    'KES 1,234.50 for 123456 answers'
    """
    return _NUMBER.sub(lambda found: f"..{_digits(found[0])[-2:]}", text)


def holds_number(text: str) -> bool:
    """Return whether a phone number may stand in the text."""
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

    Raises Refused for what acts on a terminal or turns a direction.
    """
    if bad := _ACTS.search(text):
        raise Refused(f"{field}: {_named(bad[0])} must not be in it", field=field)
    return text


def identifier(text: str, field: str, most: int = ID_CHARACTERS_MAX) -> str:
    """Return an id in the one form it is stored and looked up in. Raises Refused naming the field.

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
    """Return a check for a model, which names the field by itself."""

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
"""A client's own id: a task's, an option's."""
