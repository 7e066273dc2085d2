"""The tools that all providers share: readers of foreign JSON and amounts, and the evidence.

The calls themselves are made by `gateway.base.net.outbound`.
"""

import hashlib
import re
from dataclasses import replace
from typing import cast

import orjson

from gateway.base.money import MINOR_DIGITS
from gateway.base.net.outbound import TEXT_MAX
from gateway.payments.port import SubmitAnswer

_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,9}))?")


def json_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body`, or an empty one when there is none."""
    try:
        return as_object(orjson.loads(body))
    except ValueError:
        return {}


def as_object(value: object) -> dict[str, object]:
    """Return `value` where it is a JSON object, else an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return `value` where it is a JSON list, else a list of it alone.

    The list is empty when there is no value.
    """
    if isinstance(value, list):
        return cast("list[object]", value)
    return [] if value is None else [value]


def as_text(value: object) -> str:
    """Return a JSON string or number as text, else "". Providers send codes as either.

    >>> as_text(2001), as_text(" 2001 "), as_text(None), as_text({}), as_text(True)
    ('2001', '2001', '', '', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:TEXT_MAX]


def as_minor(value: object, currency: str) -> int | None:
    """Return an amount in major units, given as a number or text, in minor units.

    Return None when it is no exact amount.

    >>> as_minor(300, "KES"), as_minor("22.40", "KES"), as_minor(8959269.6, "KES")
    (30000, 2240, 895926960)
    >>> as_minor("10.005", "KES") is None
    True
    """
    found = _AMOUNT.fullmatch(as_text(value))
    if not found:
        return None
    digits = MINOR_DIGITS[currency]
    cents = (found[2] or "").rstrip("0")
    if len(cents) > digits:
        return None
    return int(found[1] + cents.ljust(digits, "0"))


def as_evidence(answer: SubmitAnswer, body: bytes, table: str) -> SubmitAnswer:
    """Return the answer with a digest of the request and the table that gave the outcome.

    The request itself is not kept, because bodies hold credentials.
    """
    return replace(answer, request_hash=hashlib.sha256(body).hexdigest(), table=table)
