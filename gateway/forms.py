"""Reading a provider's form: what all SMS and USSD channels do alike. A value or `Refused` goes out, nothing else."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qsl

import orjson

from gateway.errors import Refused

# An id or a number is short; a text may be any length the phone could join (the edge limits bodies).
ID_CHARS_MAX = 200


_JSON_DEPTH_MAX = 8


def decoded(raw: bytes) -> str:
    """A body as text; what is not UTF-8 is taken for Latin-1, so that every byte can be read again."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """The fields of a body or query, in order; those of a JSON object under their paths, joined by dots.

    >>> pairs(b"from=%2B254&text=&text=hi"), pairs(b'{"message": {"from": 254, "urgent": true}, "to": [7]}')
    ([('from', '+254'), ('text', ''), ('text', 'hi')], [('message.from', '254'), ('message.urgent', 'true'), ('to.0', '7')])
    """
    if raw.lstrip()[:1] in (b"{", b"["):
        try:
            return list(_flat("", orjson.loads(raw), _JSON_DEPTH_MAX))
        except orjson.JSONDecodeError:
            pass  # then it is a strange form
    return parse_qsl(decoded(raw), keep_blank_values=True)


def fields(raw: bytes) -> dict[str, str]:
    """The same as a form; of a name that comes twice the last counts."""
    return dict(pairs(raw))


def _flat(path: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list) and depth == 0:
        return
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from _flat(f"{path}.{name}" if path else name, inner, depth - 1)
    elif isinstance(value, list):
        for place, inner in enumerate(cast("list[object]", value)):
            yield from _flat(f"{path}.{place}" if path else str(place), inner, depth - 1)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, "" if value is None else str(value)


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
