"""Reading a provider's form: what all USSD channels do alike. A value or `Refused` goes out, nothing else."""

from collections.abc import Mapping

from gateway.errors import Refused

ID_CHARS_MAX = 200


def text_of(form: Mapping[str, str], key: str) -> str:
    """The field, or "". NUL and lone surrogates cannot be stored as text anywhere, so they go here."""
    return form.get(key, "").replace("\x00", "").encode(errors="replace").decode()


def need(form: Mapping[str, str], key: str) -> str:
    """A field that must be there; stripped."""
    value = text_of(form, key).strip()
    if not value:
        raise Refused(f"no {key!r} in the form", status=400, field=key)
    if len(value) > ID_CHARS_MAX:
        raise Refused(f"{key!r} is longer than {ID_CHARS_MAX} characters", status=400, field=key)
    return value


def number(form: Mapping[str, str], key: str) -> str:
    """A phone number as the provider wrote it; an unescaped `+` arrives as a blank and is put back."""
    value = need(form, key)
    return f"+{value}" if text_of(form, key).startswith(" ") and value.isdigit() else value
