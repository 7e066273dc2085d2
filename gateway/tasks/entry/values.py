"""The canonical forms of single values: an amount, and a whole record."""

import json
from collections.abc import Mapping, Sequence

from gateway.base.money import MINOR_DIGITS
from gateway.tasks.question import Field


def amount_value(minor: int, currency: str) -> str:
    """Return an amount as it is stored: major units with all decimals of the currency.

    >>> amount_value(45000, "KES"), amount_value(-50, "KES"), amount_value(700, "UGX")
    ('450.00', '-0.50', '700')
    """
    digits = MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}{f'.{part:0{digits}d}' if digits else ''}"


def record_value(values: Mapping[str, str], fields: Sequence[Field]) -> str:
    """Return a record as it is stored: one JSON object in the order of the fields.

    >>> record_value({"b": "2", "a": "1"}, [Field("a", "text", 1), Field("b", "text", 2)])
    '{"a":"1","b":"2"}'
    """
    ordered = {field.name: values[field.name] for field in fields if field.name in values}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
