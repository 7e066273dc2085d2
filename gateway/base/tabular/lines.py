"""JSON values, one after the other: JSON lines, where only a line feed ends a line, or one list."""

import json
import re
from collections.abc import Iterator

import orjson

from gateway.base.errors import Refused
from gateway.base.tabular.delimited import LINE_CHARACTERS_MAX
from gateway.base.tabular.text import Source, encoding_of, opened_text

_BLANK = re.compile(r"[ \t\r\n]*")


def json_lines(source: Source) -> Iterator[tuple[int, object]]:
    r"""Yield the number (from 1) and the value of each line that is not blank.

    U+2028, U+0085 and the like are ordinary characters of a JSON text and end no line. Only one
    line is held in memory. In place of a value, a line that is not JSON gives the Refused that
    names its row. Raises Refused where the text cannot be read any further.

    >>> list(json_lines('{"id": 1}\n\n{"id": "a\u2028b"}\n'))
    [(1, {'id': 1}), (3, {'id': 'a\u2028b'})]
    >>> str(dict(json_lines('{"id": 1}\nid'))[2])[:26]
    'row 2: this is not JSON: u'
    """
    number = 0
    with opened_text(source, encoding_of(source), newline="\n") as text:
        try:
            while line := text.readline(LINE_CHARACTERS_MAX + 1):
                number += 1
                if len(line) > LINE_CHARACTERS_MAX:
                    raise Refused(
                        f"row {number}: a line of more than {LINE_CHARACTERS_MAX:,} characters",
                        row=number,
                    )
                if bare := line.strip(" \t\r\n\ufeff"):
                    yield number, _value_or_fault(bare, number)
        except UnicodeError as bad:
            problem = f"row {number + 1}: the text is cut inside a character"
            raise Refused(problem, row=number + 1) from bad


def _value_or_fault(line: str, number: int) -> object:
    if "\0" in line:  # PostgreSQL cannot store it.
        return Refused(f"row {number}: the row contains a NUL character", row=number)
    try:
        return json_value(line, number)
    except Refused as refused:
        return refused


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
