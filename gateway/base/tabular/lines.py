"""JSON Lines: one JSON value per line, where only a line feed ends a line."""

from collections.abc import Iterator

import orjson

from gateway.base.errors import Refused


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


def json_value(text: str, number: int) -> object:
    """Return a JSON value. Raises Refused, which names the row, when the text is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as bad:
        raise Refused(f"row {number}: this is not JSON: {bad}", row=number) from bad
