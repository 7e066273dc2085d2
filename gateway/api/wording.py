"""The texts about faulty requests, for the programmer of the client.

Each text names the field, the value that was given, and the values that are accepted.
"""

import re
import types
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Union, get_args, get_origin

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gateway.api.requests import FORMS
from gateway.base.errors import Fault
from gateway.base.errors.problem_codes import FaultRule
from gateway.base.text.plain_errors import KINDS, Error, rule_of, taken

_PLACES = ("body", "query", "path", "header", "cookie")
# pydantic names the members of a union between the names of fields.
_MEMBER = re.compile(r"^(constrained-|function-|literal\[|nullable|[A-Z]\w*In$)")
_GIVEN_MAX = 60


def faults_of(request: Request, errors: Sequence[Error]) -> tuple[Fault, ...]:
    """Return the faults of a request that FastAPI refused, one per field, in their order."""
    if errors and errors[0]["type"] == "json_invalid":
        ctx = errors[0].get("ctx", {})
        why = f"the body is not JSON: {ctx.get('error', '')} (at character {errors[0]['loc'][-1]})"
        return (Fault(why, rule=FaultRule.FORM),)
    found: dict[tuple[str | int, ...], list[Error]] = {}
    for error in errors:
        found.setdefault(_path(error["loc"]), []).append(error)
    # In a union, the member whose fields were checked is the one that was meant.
    deepest = [p for p in found if not any(q[: len(p)] == p and q != p for q in found)]
    return tuple(
        Fault(_said(request, p, found[p]), _shown(p) or None, rule=rule_of(found[p][0]))
        for p in deepest
    )


def sentence(faults: Sequence[Fault]) -> str:
    """Return the first fault as a line, with the number of the others."""
    first, more = faults[0], len(faults) - 1
    said = f"{first.field}: {first.message}" if first.field else first.message
    return f"{said} (and {more} more)" if more else said


def _path(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    inner = loc[1:] if loc and loc[0] in _PLACES else loc
    return tuple(
        part for part in inner if isinstance(part, int) or not (_MEMBER.match(part) or part == "[key]")
    )  # fmt: skip


def _shown(path: Iterable[str | int]) -> str:
    """Return a field's name in the notation of programs.

    >>> _shown(("options", 0, "id"))
    'options[0].id'
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _said(request: Request, path: Sequence[str | int], errors: Sequence[Error]) -> str:
    first = errors[0]
    if first["type"] == "missing":
        return _missing(path)
    if first["type"] == "extra_forbidden":
        return _unknown(str(path[-1]), names_at(_body(request), path[:-1]))
    if not path and first["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "the body must be a JSON object, sent with Content-Type: application/json"
    form = FORMS.get(str(path[-1]) if path and isinstance(path[-1], str) else _shown(path[:1]))
    if form is not None and any(error["type"] in (*KINDS, "string_pattern_mismatch") for error in errors):  # fmt: skip
        return f"must be {form}, not {_given(first)}"
    rules = list(dict.fromkeys(taken(error) for error in errors))
    if all(rule.startswith("must be ") for rule in rules):
        wanted = " or ".join(rule.removeprefix("must be ") for rule in rules)
        return f"must be {wanted}, not {_given(first)}"
    return "; ".join(rules)


def _missing(path: Sequence[str | int]) -> str:
    if path:
        return "is missing"
    return "the body is missing; send JSON with Content-Type: application/json"


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"there is no such field; {meant}known: {', '.join(known)}"


def _given(error: Error) -> str:
    given = error.get("input")
    if given is None or isinstance(given, bool):
        return str(orjson.dumps(given).decode())
    if isinstance(given, str | int | float):
        shown = repr(given)
        return shown if len(shown) <= _GIVEN_MAX else f"{shown[:_GIVEN_MAX]}..."
    return "a list" if isinstance(given, list) else "an object"


def _body(request: Request) -> object:
    route = request.scope.get("route")
    field = route.body_field if isinstance(route, APIRoute) else None
    return field.field_info.annotation if field is not None else None


def names_at(annotation: object, path: Sequence[str | int]) -> list[str]:
    """Return the names of the fields at a position in a body's model.

    >>> from gateway.api.requests import BatchIn, SwitchIn
    >>> names_at(SwitchIn, ()), names_at(BatchIn, ("options", 0))
    (['by', 'reason'], ['id', 'labels'])
    """
    models = list(_models(annotation))
    for part in path:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [inner for field in fields for inner in _models(field.annotation)]
    return [name for model in models for name in model.model_fields]


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, list, dict) or get_args(annotation):
        for inner in get_args(annotation):
            yield from _models(inner)
