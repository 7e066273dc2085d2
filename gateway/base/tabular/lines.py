"""JSON values, one after the other: JSON lines, where only a line feed ends a line, or one list."""

import json
import re
from collections.abc import Iterator

import orjson

from gateway.base.errors import Refused

_BLANK = re.compile(r"[ \t\r\n]*")


def json_lines(text: str) -> Iterator[tuple[int, object]]:
    r"""Yield the number (from 1) and the value of each line that is not blank.

    U+2028, U+0085 and the like are ordinary characters of a JSON text and end no line.

    >>> list(json_lines('{"id": 1}\n\n{"id": "a\u2028b"}\n'))
    [(1, {'id': 1}), (3, {'id': 'a\u2028b'})]
    """
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line, number = text[start:end].strip(" \t\r\ufeff"), number + 1
        start = end + 1
        if not line:
            continue
        yield number, json_value(line, number)


def json_list(text: str) -> Iterator[tuple[int, object]]:
    """Yield the number (from 1) and the value of each element of a list, each read on its own.

    >>> list(json_list('[{"id": 1}, 2]'))
    [(1, {'id': 1}), (2, 2)]
    """
    scan, at, number = json.JSONDecoder(), text.index("[") + 1, 0
    while True:
        at = _BLANK.match(text, at).end()  # pyright: ignore[reportOptionalMemberAccess]  # matches nothing, too
        if text[at : at + 1] == "]" and number == 0:
            break
        number += 1
        try:
            _, end = scan.raw_decode(text, at)
        except (ValueError, RecursionError) as bad:
            raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
        yield number, json_value(text[at:end], number)
        at = _BLANK.match(text, end).end()  # pyright: ignore[reportOptionalMemberAccess]
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise Refused(
                f"row {number}: this is not JSON: a comma or ] must follow the task", row=number
            )
        at += 1
    if text[at + 1 :].strip():
        raise Refused("this is not JSON: something follows the end of the list")


def json_value(text: str, number: int) -> object:
    """Return a JSON value. Raises Refused, which names the row, when the text is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as bad:
        raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
