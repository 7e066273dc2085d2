"""The bounds of numbers, taken from the columns and the ledger that store them.

Every reader of a number from a client, a provider, an operator or a phone takes its bound from
here. No number therefore reaches a query or a posting that cannot hold it.
"""

import re
from typing import Annotated

from pydantic import Field

from gateway.base.errors import Refused

INT2_MAX = 2**15 - 1
INT4_MAX = 2**31 - 1
INT8_MAX = 2**63 - 1
AMOUNT_MAX_MINOR = 10**13
"""The largest amount of one posting, in minor units. The ledger has the same check."""
ANSWERS_OF_TASK_MAX = 10_000
"""The most paid answers of one task. Its slots are an int2, and each worker of its audience takes
one.
"""

RowId = Annotated[int, Field(ge=1, le=INT8_MAX)]
"""The id of a row."""
Cursor = Annotated[int, Field(ge=0, le=INT8_MAX)]
"""The id after which a page begins, and 0 for the first page."""

_DIGITS = re.compile(r"[0-9]+")


def parse_whole(written: str, field: str, *, least: int = 0, most: int = INT8_MAX) -> int:
    """Return the whole number that ASCII digits write, within its bounds.

    Raises Refused naming the field.

    >>> parse_whole("17", "after"), parse_whole("007", "after")
    (17, 7)
    """
    digits = written.strip(" ")
    if not _DIGITS.fullmatch(digits):
        raise Refused(f"{field} must be a whole number in digits 0-9", field=field)
    # The length is checked first, because reading a million digits takes a second.
    shorter = digits.lstrip("0") or "0"
    if len(shorter) > len(str(most)) or not least <= int(shorter) <= most:
        raise Refused(f"{field} must be between {least:,} and {most:,}", field=field)
    return int(shorter)


def must_be_within(value: int, field: str, *, least: int = 0, most: int = INT8_MAX) -> int:
    """Return the number if it is within its bounds. Raises Refused naming the field."""
    if not least <= value <= most:
        raise Refused(f"{field} must be between {least:,} and {most:,}", field=field)
    return value
