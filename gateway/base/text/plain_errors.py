"""Plain texts for pydantic's errors, for clients and for operators."""

from collections.abc import Mapping
from typing import Any, Final

Error = Mapping[str, Any]
"""An error of `ValidationError.errors()`."""

KINDS: Final[Mapping[str, str]] = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list: [...]",
    "dict_type": "must be an object: {{...}}",
    "model_type": "must be an object: {{...}}",
    "model_attributes_type": "must be an object: {{...}}",
    "literal_error": "must be {expected}",
}
_SAID: Final[Mapping[str, str]] = {
    **KINDS,
    "greater_than": "must be above {gt:,}",
    "greater_than_equal": "must be at least {ge:,}",
    "less_than": "must be below {lt:,}",
    "less_than_equal": "must be at most {le:,}",
    "string_too_short": "must not be empty",
    "string_too_long": "has more than {max_length:,} characters",
    "too_long": "has more than {max_length:,} entries",
}


def taken(error: Error) -> str:
    """Return the rule that a value breaks, or pydantic's own message for a rare error.

    >>> taken({"type": "greater_than_equal", "ctx": {"ge": 60}, "msg": "Input should be greater"})
    'must be at least 60'
    """
    template = _SAID.get(error["type"])
    return template.format(**error.get("ctx", {})) if template else str(error["msg"])
