"""The removal of passwords from text, for log lines and for error messages with an address.

There are two defences. `redacted` recognises addresses and `password=...` in any text.
`remember_address` reads a configured address and keeps its password and the parts of it, which are
then replaced wherever they occur. The second is needed because a driver that cannot read
`postgresql://u:a:b/x` complains of the port "a:b".
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN: Final = "***"
# Shorter parts of a password reveal little, and replacing them everywhere would spoil every line.
PART_LENGTH_MIN: Final = 4
_SENSITIVE = (
    r"(?:ssl|db|pg|user|redis|consumer|client|api|auth|access|security)?[-_]?"
    r"(?:password|passwd|passphrase|passwort|pwd|pass|secret|token|api[-_]?key|credential)s?"
)
_QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_PAIR = re.compile(
    rf"(?i)(?P<name>(?<![a-z0-9])[\"']?{_SENSITIVE}[\"']?\s*(?:=|:(?!/))\s*)(?P<value>{_QUOTED}|[^\s&;,'\"()]+)"
)
_TELLING = ("pass", "pwd", "secret", "token", "key", "credential", "bearer", "basic")
_SECRET_NAME = re.compile(rf"(?i){_SENSITIVE}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_DATABASE = re.compile(
    r"(?i)\b(?P<scheme>postgres(?:ql)?(?:\+\w+)?|redis|rediss|redis\+socket|unix)://(?P<rest>[^\r\n]*)"
)
_WITH_USER = re.compile(r"(?i)\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<user>[^\s'\"<>/?#]*)@")
# Only this may follow the password: names, numbers and paths, in which nothing can be hidden.
_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::\d{1,5})?(?:,[\w.-]+(?::\d{1,5})?)*(?=[/?\s'\"),;]|$)"
)
_TOKEN_END = re.compile(r"[\s'\"<>`]")

_remembered: set[str] = set()


def redacted(text: str) -> str:
    """Return `text` without any passwords.

    These are the passwords of addresses, of `password=...` pairs and of configured addresses.

    >>> redacted("no answer at postgresql://u:p@ss@h/x?sslmode=require")
    'no answer at postgresql://***@h/x?sslmode=require'
    >>> redacted("postgresql://h/x?user=u&password=TOPSECRET")
    'postgresql://h/x?user=u&password=***'
    """
    for secret in sorted(_remembered, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    if "://" in text:
        text = _DATABASE.sub(_hide_database, text)
        text = _WITH_USER.sub(rf"\g<scheme>://{HIDDEN}@", text)
    if not _may_tell(text):
        return text
    text = _PAIR.sub(_hide_value, text)
    return _BEARER.sub(rf"\1 {HIDDEN}", text)


def may_tell(line: str) -> bool:
    """Return whether a line of JSON may contain a secret value, or a key that names a secret.

    A backslash may stand for a character of a password, so a line with one is checked value by
    value.
    """
    return (
        "\\" in line
        or "://" in line
        or _may_tell(line)
        or any(secret in line for secret in _remembered)
    )


def _may_tell(text: str) -> bool:
    """Return whether a text contains one of the words that each pair and each bearer token has.

    Most texts of most lines have none, and the regular expressions themselves cost 20 us each.
    Letters beyond ASCII may be read as some within.
    """
    lower = text.lower()
    return not text.isascii() or any(word in lower for word in _TELLING)


def remember_address(address: str) -> None:
    """Keep the passwords of a configured address, so that no text shows them or their parts."""
    _remembered.update(passwords_of(address))


def passwords_of(address: str) -> set[str]:
    """Return the password of a database's address in every form in which it may occur.

    Malformed addresses are read, too.
    """
    _, there, rest = address.partition("://")
    if not there:
        return set()
    before, at, after = rest.rpartition("@")
    found = set[str]()
    if at:
        _, colon, password = before.partition(":")
        if colon:
            found.add(password)
    else:
        # In `u:TOP:SECRET/x` the writer forgot the host, and every reader takes the password for
        # the port.
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        _, colon, password = authority.partition(":")
        if colon and not authority.startswith("[") and not password.isdecimal():
            found.add(password)
        after = rest
    found.update(m["value"].strip("'\"") for m in _PAIR.finditer(after.replace("?", "&")))
    return _forms(found)


def shown_address(address: str) -> str:
    """Return an address for an error message, without its password in any notation."""
    text = address
    for secret in sorted(passwords_of(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return redacted(text)


def redacted_values(values: Mapping[str, object]) -> dict[str, object]:
    """Return a log line's values with every text redacted, at any depth."""
    return {
        key: HIDDEN if value and _is_secret(key) else _redacted_value(value)
        for key, value in values.items()
    }


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_NAME.fullmatch(key) is not None


def _redacted_value(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redacted(value)
        case dict():
            return redacted_values({str(k): v for k, v in value.items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # any value may be logged
        case list() | tuple() | set() | frozenset():
            return [_redacted_value(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # any value may be logged
        case _:
            return redacted(str(value))


def _forms(passwords: set[str]) -> set[str]:
    """Return each password whole, in parts, and both with and without percent-encoding."""
    found = set[str]()
    for one in passwords:
        for form in (one, unquote(one), unquote_plus(one)):
            parts = re.split(r"[:/@?#&=\s]+", form)
            found |= {form, *(part for part in parts if len(part) >= PART_LENGTH_MIN)}
            found |= {quote(form, safe=""), quote(form), quote_plus(form), repr(form)[1:-1]}
    return {form for form in found if len(form) >= PART_LENGTH_MIN or form in passwords} - {""}


def _hide_database(found: re.Match[str]) -> str:
    scheme, rest = found["scheme"], found["rest"]
    _, at, after = rest.rpartition("@")
    if at and _plain(rest, after):
        return f"{scheme}://{HIDDEN}@{after}"
    end = _TOKEN_END.search(rest)
    token, behind = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    if scheme.lower() == "unix" or _HOST.match(token):
        return found[0]
    return f"{scheme}://{HIDDEN}{behind}"


def _plain(rest: str, after: str) -> bool:
    """Return whether the text after the last `@` may stay: a host, or a server's socket folder."""
    return bool(rest) and (after.startswith(("/", "?")) or _HOST.match(after) is not None)


def _hide_value(found: re.Match[str]) -> str:
    value = found["value"]
    mark = value[0] if value[0] in "'\"" else ""
    return f"{found['name']}{mark}{HIDDEN}{mark}"
