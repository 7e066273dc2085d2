"""Reading a provider's form: what all SMS and USSD channels do alike. A value or `Refused` goes out, nothing else."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.errors import Refused

# An id or a number is short; a text may be any length the phone could join (the edge limits bodies).
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
    """A phone number as the provider wrote it; an unescaped `+` arrives as a blank and is put back.

    >>> number({"from": " 254791541111"}, "from"), number({"from": "21512"}, "from")
    ('+254791541111', '21512')
    """
    value = need(form, key)
    return f"+{value}" if text_of(form, key).startswith(" ") and value.isdigit() else value


def moment(written: str) -> datetime | None:
    """An ISO 8601 date in any of the shapes providers use; without a zone it is UTC. None when it is no date.

    >>> moment("2018-03-19T08:34:18.445Z"), moment("2017-05-03 06:04:45").hour, moment("yesterday")
    (datetime.datetime(2018, 3, 19, 8, 34, 18, 445000, tzinfo=datetime.timezone.utc), 6, None)
    """
    try:
        when = datetime.fromisoformat(written.strip())
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def made_id(*fields: str) -> str:
    """An id for an event whose provider gave none: the same fields are the same event."""
    return "made:" + hashlib.sha256("\x00".join(fields).encode()).hexdigest()[:32]
