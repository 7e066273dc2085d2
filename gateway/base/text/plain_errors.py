"""Plain texts for pydantic's errors, for clients and for operators."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.base.errors.problem_codes import FaultRule

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


_RULES: Final[Mapping[str, FaultRule]] = {
    "missing": FaultRule.MISSING,
    "extra_forbidden": FaultRule.UNKNOWN,
    "literal_error": FaultRule.NOT_LISTED,
    "enum": FaultRule.NOT_LISTED,
    "greater_than": FaultRule.OUT_OF_RANGE,
    "greater_than_equal": FaultRule.OUT_OF_RANGE,
    "less_than": FaultRule.OUT_OF_RANGE,
    "less_than_equal": FaultRule.OUT_OF_RANGE,
    "finite_number": FaultRule.OUT_OF_RANGE,
    "string_too_short": FaultRule.TOO_SHORT,
    "too_short": FaultRule.TOO_SHORT,
    "string_too_long": FaultRule.TOO_LONG,
    "too_long": FaultRule.TOO_LONG,
    "string_pattern_mismatch": FaultRule.FORM,
    "value_error": FaultRule.FORM,
}


def rule_of(error: Error) -> FaultRule:
    """Return the kind of rule that a value breaks.

    >>> rule_of({"type": "missing"}), rule_of({"type": "int_type"})
    (<FaultRule.MISSING: 'missing'>, <FaultRule.WRONG_TYPE: 'wrong_type'>)
    """
    kind = str(error["type"])
    if kind in _RULES:
        return _RULES[kind]
    return FaultRule.WRONG_TYPE if kind.endswith(("_type", "_parsing")) else FaultRule.FORM
