"""Groups of command-line options: one parameter of a command holds several options.

A command with many options takes dataclasses of options instead of ten parameters. Its help and its
command line stay the same.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, cast, get_type_hints


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with each field of its dataclass parameters as an option of its own."""
    hints = get_type_hints(command, include_extras=True)
    options: list[inspect.Parameter] = []
    groups: dict[str, tuple[type, list[str]]] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        hint = hints[name]
        if is_dataclass(hint):
            group = cast("type", hint)
            members = _options_of(group)
            groups[name] = group, [member.name for member in members]
            options += members
        else:
            options.append(_option(name, hint, parameter.default))

    @wraps(command)
    def grouped(**given: Any) -> None:
        for name, (group, members) in groups.items():
            given[name] = group(**{member: given.pop(member) for member in members})
        command(**given)

    grouped.__annotations__ = {option.name: option.annotation for option in options}
    vars(grouped)["__signature__"] = inspect.Signature(options)
    return grouped


def _options_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [_option(field.name, hints[field.name], field.default) for field in fields(group)]


def _option(name: str, hint: object, default: object) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=empty if default is MISSING else default,
        annotation=hint,
    )
