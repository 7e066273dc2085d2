"""The parameters of a project: what its client chooses within the recipe."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gateway.base.errors import Refused
from gateway.base.text.strings import identifier, line, prose
from gateway.tasks.entry.fields import DeclaredField
from gateway.tasks.question import Option

_TEXT_MAX = 500
_LIST_MAX = 50
_LANGUAGE = re.compile("[a-z]{2,3}")
_COLUMN_MAX, _ID_MAX, _LABEL_MAX = 100, 64, 40


@dataclass(frozen=True, slots=True)
class RecipeParameter:
    """A parameter of a recipe: its meaning, its type, and its default, else it is required."""

    about: str
    type: str = "text"
    default: object = None


COMMON: Mapping[str, RecipeParameter] = {
    "languages": RecipeParameter(
        'The workers\' languages, like ["sw"]; none = all', "languages", []
    ),
    "policy": RecipeParameter(
        "The number of answers per task, instead of the recipe's", "text", ""
    ),
    "check": RecipeParameter(
        "cheaper, always or never: whether other workers check one worker's answer", "text", ""
    ),
    "review": RecipeParameter(
        "yes or no: whether paid reviewers look at doubtful results again, instead of the recipe's",
        "text",
        "",
    ),
    "audit": RecipeParameter(
        "yes or no: whether a random sample of the results is judged, instead of the recipe's",
        "text",
        "",
    ),
    "gold_rate": RecipeParameter(
        "The share of known answers among the questions, if the table has a column gold",
        "number",
        0.1,
    ),
}
"""The parameters that every recipe has."""


def checked_parameters(
    known: Mapping[str, RecipeParameter], given: Mapping[str, object]
) -> dict[str, object]:
    """Return all parameters, with defaults for those that were left out.

    Raises Refused naming the parameter and the rule.
    """
    every = {**known, **COMMON}
    unknown = [name for name in given if name not in every]
    if unknown:
        raise _wrong(unknown[0], f"the recipe has no such parameter; it has: {', '.join(every)}")
    found = dict[str, object]()
    for name, parameter in every.items():
        value = given.get(name)
        if value is None:
            value = parameter.default
        if value is None:
            raise _wrong(name, f"this is missing: {parameter.about}")
        found[name] = _READERS[parameter.type](name, value)
    return found


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise _wrong(name, f"a text of at most {_TEXT_MAX} characters")
    return prose(value.strip(), f"parameters.{name}")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number")
    if not 0 <= value <= 1:
        raise _wrong(name, "a number from 0 to 1")
    return float(value)


def _strings(name: str, value: object, longest: int) -> list[str]:
    if not isinstance(value, list) or len(cast("list[object]", value)) > _LIST_MAX:
        raise _wrong(name, f"a list of at most {_LIST_MAX} texts")
    found = list[str]()
    for each in cast("list[object]", value):
        if not isinstance(each, str) or not 0 < len(each.strip()) <= longest:
            raise _wrong(name, f"each is a text of 1 to {longest} characters, not {each!r}")
        found.append(line(each, f"parameters.{name}", longest))
    return found


def _columns(name: str, value: object) -> list[str]:
    return _strings(name, value, _COLUMN_MAX)


def _languages(name: str, value: object) -> list[str]:
    found = _strings(name, value, 3)
    if not all(_LANGUAGE.fullmatch(code) for code in found):
        raise _wrong(name, 'codes of languages in a list, like ["sw"]')
    return found


def _options(name: str, value: object) -> list[dict[str, object]]:
    """Return options as objects with `id` and `labels`; a text is an option's id."""
    if not isinstance(value, list) or len(cast("list[object]", value)) > _LIST_MAX:
        raise _wrong(name, 'a list of options, like ["shop", "clinic"]')
    found = list[dict[str, object]]()
    for each in cast("Sequence[object]", value):
        named = cast("Mapping[str, object]", each if isinstance(each, dict) else {"id": each})
        option_id = named.get("id")
        if not isinstance(option_id, str) or not set(named) <= {"id", "labels"}:
            raise _wrong(
                name,
                'an option is a text or an object like {"id": "shop", "labels": {"sw": "Duka"}}',
            )
        labels = _labels(name, named.get("labels", {}))
        found.append({"id": identifier(option_id, f"parameters.{name}", _ID_MAX), "labels": labels})
    return found


def _labels(name: str, given: object) -> dict[str, str]:
    """Return labels by language."""
    labels = cast("Mapping[object, object]", given if isinstance(given, dict) else {"": ""})
    found = dict[str, str]()
    for language, label in labels.items():
        if not isinstance(label, str) or not _LANGUAGE.fullmatch(str(language)):
            raise _wrong(name, 'labels are texts by language, like {"en": "Shop", "sw": "Duka"}')
        found[str(language)] = line(label, f"parameters.{name}", _LABEL_MAX)
    return found


def _fields(name: str, value: object) -> list[dict[str, object]]:
    """Return the fields of a record as `gateway.tasks.entry.fields` declares them."""
    if not isinstance(value, list) or not 0 < len(cast("list[object]", value)) <= _LIST_MAX:
        raise _wrong(name, f"a list of 1 to {_LIST_MAX} fields")
    found = [_field(name, each) for each in cast("Sequence[object]", value)]
    ids = [each["id"] for each in found]
    doubled = next((each for each in ids if ids.count(each) > 1), None)
    if doubled is not None:
        raise _wrong(name, f"the field {doubled!r} is there twice")
    return found


def _field(name: str, given: object) -> dict[str, object]:
    named = cast("Mapping[str, object]", given if isinstance(given, dict) else {})
    unknown = [key for key in named if key not in _FIELD_RULES]
    if unknown:
        raise _wrong(name, f"a field has no {unknown[0]!r}; it has: {', '.join(_FIELD_RULES)}")
    if not isinstance(named.get("id"), str) or not isinstance(named.get("type"), str):
        raise _wrong(name, 'a field is an object like {"id": "born", "type": "date"}')
    field = {key: _rule(name, key, rule) for key, rule in named.items() if rule is not None}
    return {"labels": {}, **field}


def _rule(name: str, key: str, rule: object) -> object:
    """Return one rule of a field, of its type; ends of ranges as texts."""
    if not isinstance(rule, _FIELD_RULES[key]) or (key != "optional" and isinstance(rule, bool)):
        raise _wrong(name, f"{key} of a field has the wrong type: {rule!r}")
    match key:
        case "labels":
            return _labels(name, rule)
        case "options":
            return _options(name, rule)
        case "decimals" | "length_min" | "length_max" | "optional":
            return rule
        case _:
            return line(str(rule), f"parameters.{name}", _LABEL_MAX)


_FIELD_RULES: Mapping[str, tuple[type, ...]] = {
    "id": (str,),
    "type": (str,),
    "labels": (dict,),
    "min": (str, int, float),
    "max": (str, int, float),
    "decimals": (int,),
    "length_min": (int,),
    "length_max": (int,),
    "check": (str,),
    "options": (list,),
    "currency": (str,),
    "optional": (bool,),
}
"""The rules of a field, each with the types of its values."""


def fields_of_json(given: object) -> list[DeclaredField]:
    """Return the fields in parsed JSON. Raises Refused for anything that is no list of fields."""
    return declared_fields(_fields("fields", given))


def declared_fields(given: Sequence[Mapping[str, Any]]) -> list[DeclaredField]:
    """Return the fields of the parameter `fields` as a batch declares them.

    >>> declared_fields([{"id": "fee", "type": "money", "labels": {}, "min": "1"}])[0].min
    '1'
    """
    return [DeclaredField(**{**each, "options": _declared(each.get("options"))}) for each in given]


def _declared(options: Sequence[Mapping[str, Any]] | None) -> Any:
    return None if options is None else [Option(one["id"], one["labels"]) for one in options]


_READERS = {
    "text": _text,
    "number": _number,
    "columns": _columns,
    "languages": _languages,
    "options": _options,
    "fields": _fields,
}


def _wrong(name: str, rule: str) -> Refused:
    return Refused(f"parameters.{name}: {rule}", field=f"parameters.{name}")
