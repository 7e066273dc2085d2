"""The fields of a webhook's body in every format that providers use: form, JSON, multipart, XML.

A body travels through the gateway as bytes. Its content type stands in front where it says more
than the bytes do (`envelope`). So a stored event is read again exactly as it came.
"""

import codecs
import json
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from typing import cast
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

from gateway.base.errors import Refused
from gateway.base.forms.decoding import charset_named, mixed, text_in

_MARK = b"\x00content-type: "
_DEPTH_MAX = 8
_FIELDS_MAX = 20_000
_UTF16_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_CHARSET_FIELDS = frozenset(
    {"charset", "encoding", "text_charset", "textencoding", "_charset_", "msgcharset"}
)
_XML_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
# Some configuration files allow comments before and within JSON. A body with one is kept.
_COMMENTED = re.compile(rb"(?:\s*(?://[^\n]*|#[^\n]*|/\*.*?\*/))+\s*[{\[]", re.DOTALL)
_LAST_COMMA = re.compile(r",(\s*[}\]])")
_PLAIN_TYPES = frozenset(
    {
        "",
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "text/xml",
        "application/xml",
    }
)

FormPairs = list[tuple[str, str]]


def envelope(content_type: str, body: bytes) -> bytes:
    """Return the body, with its content type in front if the bytes alone do not reveal it."""
    kind, said = _content_type(content_type)
    if kind in _PLAIN_TYPES and said in (None, "utf-8", "ascii") and not body.startswith(_MARK):
        return body
    line = " ".join(content_type.split()).encode("latin-1", "replace")
    return _MARK + line + b"\n" + body


def open_envelope(raw: bytes) -> tuple[str, bytes]:
    """Return the content type and the body. The content type is "" if `envelope` left it out."""
    if not raw.startswith(_MARK):
        return "", raw
    line, _, body = raw[len(_MARK) :].partition(b"\n")
    return line.decode("latin-1"), body


def pairs(raw: bytes) -> FormPairs:
    """Return the fields of a body or a query in order.

    The names of JSON and XML fields are their paths, joined by dots. Raises Refused for a body that
    is not in the format that it claims.

    >>> pairs(b"from=%2B254&text=&text=hi")
    [('from', '+254'), ('text', ''), ('text', 'hi')]
    >>> pairs(b'{"message": {"from": 254, "urgent": true}, "to": [7]}')
    [('message.from', '254'), ('message.urgent', 'true'), ('to.0', '7')]
    """
    content_type, body = open_envelope(raw)
    kind, charset = _content_type(content_type)
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    first = body.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x00\xff\xfe \t\r\n")[:1]
    if first in (b"{", b"["):
        try:
            return list(_flat("", _json(body, charset), _DEPTH_MAX))
        except (ValueError, RecursionError) as bad:
            if not _may_be_form(body):
                raise Refused(f"the body is not JSON: {bad}", status=400) from bad
    if first == b"<":
        return _xml(body, charset)
    if first in (b"/", b"#") and _COMMENTED.match(body):
        raise Refused("the body is not JSON: it begins with a comment", status=400)
    return _form(body, charset)


def _may_be_form(body: bytes) -> bool:
    """Return whether a body that begins with a brace may be a form with such a name.

    >>> _may_be_form(b"[from]=254&text=1"), _may_be_form(b"{from: 254, text: a=b")
    (True, False)
    """
    name, equals, _ = body.partition(b"=")
    return bool(equals) and b'"' not in body and not re.search(rb"[:\s]", name)


@lru_cache(maxsize=256)
def _content_type(said: str) -> tuple[str, str | None]:
    kind, _, rest = said.partition(";")
    found = re.search(r"charset\s*=\s*([^;]+)", rest, re.IGNORECASE)
    return kind.strip().lower(), charset_named(found[1]) if found else None


def _form(body: bytes, charset: str | None) -> FormPairs:
    if (charset or "").startswith("utf-16") or b"\0" in body[:4] or body[:2] in _UTF16_MARKS:
        # The whole body has that encoding, not only its values.
        body = text_in(body, charset).encode()
        charset = None
    body = body.strip(b"\r\n")
    if charset is None and (plain := _plain(body)) is not None:
        return plain
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > _FIELDS_MAX:
        raise Refused(f"more than {_FIELDS_MAX:,} fields", status=400)
    return _decoded(
        [
            (_unquoted(name), _unquoted(value))
            for name, _, value in (p.partition(b"=") for p in parts)
        ],
        charset,
    )


def _plain(body: bytes) -> FormPairs | None:
    """Return the fields of a form in printable ASCII, or None for any other form.

    Most calls are like that. `_decoded` gives the same result at three times the cost, which counts
    where a polite screen is the whole answer.
    """
    text = body.decode("latin-1")
    if not (text.isascii() and text.isprintable()) or text.count("&") >= _FIELDS_MAX:
        return None
    found = FormPairs()
    for part in text.replace("+", " ").split("&"):
        name, _, value = part.partition("=")
        value = value.replace("%2B", "+").replace("%2A", "*")
        if "%" in value:
            value = unquote_to_bytes(value).decode("latin-1")
            if not (value.isascii() and value.isprintable()):
                return None
        if "%" in name or name.lower() in _CHARSET_FIELDS:
            return None
        if part:
            found.append((name, value))
    return found


def _unquoted(part: bytes) -> bytes:
    # `*` is the only escape of most bodies: it stands between the keys of a USSD transcript.
    plain = part.replace(b"+", b" ").replace(b"%2A", b"*")
    return unquote_to_bytes(plain) if b"%" in plain else plain


def _decoded(found: list[tuple[bytes, bytes]], charset: str | None) -> FormPairs:
    """Decode names and values. A field may name the others' charset (Kannel's `charset=%C`)."""
    names = [text_in(name) for name, _ in found]
    for name, (_, value) in zip(names, found, strict=True):
        if name.lower() in _CHARSET_FIELDS and (named := charset_named(value.decode("latin-1"))):
            charset = named
    return [(name, text_in(value, charset)) for name, (_, value) in zip(names, found, strict=True)]


def _json(body: bytes, charset: str | None) -> object:
    """Read JSON leniently, with numbers exact at any length.

    It may have a byte order mark, another encoding, or raw line ends in texts.
    """
    codec = json.detect_encoding(body)
    if codec == "utf-8" and charset and not charset.startswith("utf"):
        codec = charset
    try:
        text = body.decode(
            codec, errors="ignore" if codec[:6] in ("utf-16", "utf-32") else "strict"
        )
    except UnicodeDecodeError:
        text = mixed(body)
    text = text.removeprefix("\ufeff").strip("\x00 \t\r\n")
    try:
        return _loads(text)
    except ValueError:
        return _loads(_LAST_COMMA.sub(r"\1", _BAD_ESCAPE.sub(r"\\\\", text)))


def _loads(text: str) -> object:
    return json.loads(text, strict=False, parse_int=str, parse_float=_float, parse_constant=str)


def _float(written: str) -> str:
    """Return a number as it is written, with a signed exponent to distinguish it from an id."""
    return re.sub(r"[eE](?=\d)", "e+", written)


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


def _multipart(content_type: str, body: bytes) -> FormPairs:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    try:
        message = cast("Message", BytesParser(policy=HTTP).parsebytes(head + body))
        found, charset = _parts(
            cast("list[Message]", message.get_payload() if message.is_multipart() else [])
        )
    # The parser raises many kinds of errors for bodies that are not multipart.
    except Exception as bad:
        why = f"the body is not the multipart form that its content type says: {bad}"
        raise Refused(why, status=400) from bad
    if not found:
        raise Refused("the body is not the multipart form that its content type says", status=400)
    return _decoded(found, charset)


def _parts(parts: list[Message]) -> tuple[list[tuple[bytes, bytes]], str | None]:
    """Return the fields of a multipart form, without files, and the charset that a part names."""
    found, charset = list[tuple[bytes, bytes]](), None
    for part in parts[:_FIELDS_MAX]:
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str) or part.get_filename() is not None:
            continue
        value = part.get_payload(decode=True)
        written = name.encode(errors="surrogateescape")
        found.append((written, value if isinstance(value, bytes) else b""))
        charset = charset or charset_named(part.get_content_charset() or "")
    return found, charset


def _xml(body: bytes, charset: str | None) -> FormPairs:
    """Read XML without a document type, so that it can neither expand nor fetch anything."""
    declared = re.search(
        rb"""^\s*<\?xml[^>]*encoding=["']([\w.-]+)""", body.removeprefix(b"\xef\xbb\xbf")
    )
    named = charset_named(declared[1].decode()) if declared else None
    text = _XML_DECLARED.sub("", text_in(body, named or charset).removeprefix("\ufeff"))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Refused("XML with a document type is not read", status=400)
    try:
        root = ET.fromstring(text)  # noqa: S314  # no document type, so no entities
    except (ET.ParseError, ValueError, RecursionError) as bad:
        raise Refused(f"the body is not XML: {bad}", status=400) from bad
    return list(_branches("", root, _DEPTH_MAX))


def _branches(path: str, element: ET.Element, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the leaves of an element under the names of their parents.

    Attributes count as leaves. Repeated elements are numbered.
    """
    for name, value in element.attrib.items():
        yield _joined(path, _local(name)), value
    children = list(element)
    if not children:
        yield path or _local(element.tag), (element.text or "").strip("\r\n")
        return
    if depth == 0:
        return
    names = [_local(child.tag) for child in children]
    seen = dict[str, int]()
    for name, child in zip(names, children, strict=True):
        place = seen[name] = seen.get(name, -1) + 1
        inner = _joined(path, name) + (f".{place}" if names.count(name) > 1 else "")
        yield from _branches(inner, child, depth - 1)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _local(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]
