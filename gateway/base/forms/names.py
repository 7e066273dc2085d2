"""The fields of a call under the names that the settings give.

A provider may use several names for one field.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from gateway.base import forms as fields
from gateway.base.errors import Refused


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One or more names of a field. The first name for which a call has a value counts."""


def present(form: Mapping[str, str], names: Names) -> str:
    """Return the first of the names that has a value, or the first name when none has."""
    return next((name for name in names if fields.text_of(form, name).strip()), names[0])


def has(form: Mapping[str, str], names: Names) -> bool:
    """Return whether one of the names is in the form, with a value or without."""
    return any(name in form for name in names)


def optional(form: Mapping[str, str], names: Names) -> str:
    """Return the value under the first name that has one, or ""."""
    return fields.text_of(form, present(form, names))


def needed(form: Mapping[str, str], names: Names) -> str:
    """Return the value under the first name that has one.

    Raises Refused, which names all of them, when there is none.
    """
    _must_be(form, names)
    return fields.need(form, present(form, names))


def event_id(form: Mapping[str, str], names: Names) -> str:
    """Return the provider's id of an event under the first name with an exact one, or ""."""
    return next(filter(None, (fields.id_in(form, name) for name in names)), "")


def number(form: Mapping[str, str], names: Names) -> str:
    """Return a phone number. GSMA's interfaces write it as `tel:+254...`."""
    _must_be(form, names)
    return fields.number(form, present(form, names)).removeprefix("tel:").strip()


def _must_be(form: Mapping[str, str], names: Names) -> None:
    if not optional(form, names).strip():
        said = " or ".join(map(repr, names))
        raise Refused(f"no {said} in the form", status=400, field=names[0])
