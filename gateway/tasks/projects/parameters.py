"""The parameters of a project: what its client chooses within the recipe."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gateway.base.errors import Refused
from gateway.base.text.strings import identifier, line, prose
from gateway.tasks.values import values

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
        if isinstance(each, str):
            found.append({"id": identifier(each, f"parameters.{name}", _ID_MAX), "labels": {}})
            continue
        named = cast("Mapping[str, object]", each if isinstance(each, dict) else {})
        given = named.get("labels", {})
        labels = cast("Mapping[object, object]", given) if isinstance(given, dict) else None
        if (
            not isinstance(named.get("id"), str)
            or not set(named) <= {"id", "labels"}
            or labels is None
            or not all(isinstance(k, str) and isinstance(v, str) for k, v in labels.items())
        ):
            raise _wrong(
                name,
                'an option is a text or an object like {"id": "shop", "labels": {"sw": "Duka"}}',
            )
        checked = {
            str(language): line(str(label), f"parameters.{name}", _LABEL_MAX)
            for language, label in labels.items()
        }
        if not all(_LANGUAGE.fullmatch(language) for language in checked):
            raise _wrong(name, "labels are named by codes of languages, like sw")
        option_id = identifier(str(named["id"]), f"parameters.{name}", _ID_MAX)
        found.append({"id": option_id, "labels": checked})
    return found


def _fields(name: str, value: object) -> list[dict[str, str]]:
    """Return fields as objects with `name`, `value` (its type) and `ask` (the question)."""
    if not isinstance(value, list) or not 0 < len(cast("list[object]", value)) <= _LIST_MAX:
        raise _wrong(name, f"a list of 1 to {_LIST_MAX} fields")
    found = list[dict[str, str]]()
    for each in cast("Sequence[object]", value):
        named = cast("Mapping[str, object]", each) if isinstance(each, dict) else {"name": each}
        field_name, typed = named.get("name"), named.get("value", "text")
        ask = named.get("ask", field_name)
        if not isinstance(field_name, str) or not isinstance(ask, str) or not ask.strip():
            raise _wrong(name, 'a field is an object like {"name": "born", "value": "date"}')
        if not 0 < len(field_name.strip()) <= _COLUMN_MAX or len(ask) > _TEXT_MAX:
            raise _wrong(name, f"the name of a field has 1 to {_COLUMN_MAX} characters")
        if not set(named) <= {"name", "value", "ask"}:
            raise _wrong(name, "a field has name, value and ask")
        if typed not in values():
            raise _wrong(name, f"{field_name}: value is one of {', '.join(values())}")
        found.append({"name": field_name.strip(), "value": str(typed), "ask": ask.strip()})
    if len({each["name"] for each in found}) != len(found):
        raise _wrong(name, "two fields have the same name")
    return found


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
