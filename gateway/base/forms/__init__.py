"""The reader of a provider's form, which all SMS and USSD channels share.

Every function returns a value or raises `Refused`.
"""

import hashlib
import json
import re
from collections.abc import Mapping

from gateway.base.errors import Refused
from gateway.base.forms.bodies import envelope as envelope
from gateway.base.forms.bodies import open_envelope as open_envelope
from gateway.base.forms.bodies import pairs as pairs
from gateway.base.forms.dates import ProviderTime as ProviderTime
from gateway.base.forms.dates import stamp as stamp
from gateway.base.forms.decoding import text_in as text_in
from gateway.base.forms.decoding import utf8_in as utf8_in

# An id or a number is short. A text may have any length that the phone can join. The server limits
# the size of bodies.
ID_CHARS_MAX = 200
_FLOAT = re.compile(r"\d+(?:\.\d*)?[eE]\+\d+|\d+\.\d*[eE]\d+")
# Systems without an id write such values, or leave the variables of a template unfilled.
_SAYS_NOTHING = re.compile(
    r"""[0\W_]*|[<(\['"]*(?:null|nil|none|nan|n/?a|undefined|unknown|true|false|-?inf(?:inity)?|object object)[>)\]'"]*"""
    r"|%\w|\{.*\}|[$%#]\{.*\}|\$[a-z_]+|<[a-z_]+>|#[a-z_]+#|%[a-z_]+%|\[[a-z_]+\]",
    re.IGNORECASE,
)


def body_of(form: Mapping[str, str]) -> bytes:
    """Return a body from which the same fields are read again exactly.

    A form would not do: the values would be decoded a second time when a field names a charset or a
    text holds a control character. JSON in ASCII leaves nothing to decode.
    """
    return json.dumps(dict(form), separators=(",", ":")).encode("ascii")


def fields(raw: bytes) -> dict[str, str]:
    """Return the fields of a body as a form. The last of several equal names counts."""
    return dict(pairs(raw))


def text_of(form: Mapping[str, str], key: str) -> str:
    """Return a field, or "" when it is absent.

    NUL and lone surrogates are removed, since no text column can store them.
    """
    value = form.get(key, "")
    if value.isascii() and "\x00" not in value:
        return value  # The usual case, at a quarter of the cost.
    return value.replace("\x00", "").encode(errors="ignore").decode()


def need(form: Mapping[str, str], key: str) -> str:
    """Return a required field, stripped. Raises Refused when it is missing or too long."""
    value = text_of(form, key).strip()
    if not value:
        raise Refused(f"no {key!r} in the form", status=400, field=key)
    if len(value) > ID_CHARS_MAX:
        raise Refused(f"{key!r} is longer than {ID_CHARS_MAX} characters", status=400, field=key)
    return value


def number(form: Mapping[str, str], key: str) -> str:
    """Return a phone number as the provider wrote it.

    An unescaped `+` arrives as a blank and is put back.

    >>> number({"from": " 254791541111"}, "from"), number({"from": "21512"}, "from")
    ('+254791541111', '21512')
    """
    value = need(form, key)
    return f"+{value}" if text_of(form, key).startswith(" ") and value.isdigit() else value


def is_float(written: str) -> bool:
    """Return whether an id was turned into a floating-point number, which loses its last digits.

    >>> is_float("1.2345678901234568e+22"), is_float("12345678901234567890121"), is_float("1480.12")
    (True, False, False)
    """
    return _FLOAT.fullmatch(written) is not None


def id_in(form: Mapping[str, str], key: str) -> str:
    """Return the provider's id of an event, exact at any length.

    Return "" for an id that cannot distinguish two events.

    >>> id_in({"id": " 12345678901234567890121 "}, "id")
    '12345678901234567890121'
    >>> id_in({"id": "1.2345678901234568e+22"}, "id"), id_in({"id": "0"}, "id")
    ('', '')
    """
    written = text_of(form, key).strip()
    if is_float(written) or _SAYS_NOTHING.fullmatch(written):
        return ""
    return written if len(written) <= ID_CHARS_MAX else made_id(written)


def made_id(*fields: str) -> str:
    """Return an id for an event whose provider gave none. Equal fields have the same id."""
    return "made:" + hashlib.sha256("\x00".join(fields).encode()).hexdigest()[:32]
