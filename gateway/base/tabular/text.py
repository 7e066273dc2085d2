"""The text of a file's bytes. One rule decides which encoding the file has.

1. A byte order mark decides (UTF-8, UTF-16 or UTF-32, LE or BE).
2. Without one, a NUL in every second byte of the first line means UTF-16. Headers are Latin.
3. Otherwise the file is UTF-8, if all of it is valid.
4. Otherwise, and only if nothing in it looks like UTF-8, it is Windows-1252.
"""

import codecs
import io
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, TypeAlias

from gateway.base.errors import Refused

Source: TypeAlias = str | bytes | Path | BinaryIO
_CHUNK = 1 << 16
_SAMPLE = 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # It begins like the mark of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Letters and quotes in UTF-8. In Windows-1252 these bytes would be a letter with an accent before
# signs that never follow it.
_UTF8_INSIDE = re.compile(rb"\xc3[\x80-\xbf]|\xe1[\x84-\x8e][\x80-\xbf]|\xe2\x80[\x80-\xbf]")
_UTF8_BYTES_MAX = 3


@contextmanager
def open_source(source: bytes | Path | BinaryIO) -> Generator[BinaryIO]:
    """Open the bytes of a source at their start. A file that is open already stays open."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    elif isinstance(source, bytes):
        yield io.BytesIO(source)
    else:
        source.seek(0)
        yield source


@contextmanager
def opened_text(source: Source, encoding: str, newline: str = "") -> Generator[TextIO]:
    """Open the text of a source. Line ends stay unchanged. `newline` is what ends a line.

    Raises Refused where the text, as it is read, is not of the encoding: UTF-16 that is cut inside
    a character, for example.
    """
    if isinstance(source, str):
        yield io.StringIO(source.removeprefix("\ufeff"), newline=newline)
        return
    with open_source(source) as file:
        text = io.TextIOWrapper(file, encoding, newline=newline)
        try:
            yield text
        except UnicodeDecodeError as bad:
            raise Refused(
                f"this is not {bad.encoding} text: it is cut or mixed; save the file as CSV UTF-8 and send it again"
            ) from bad
        finally:
            if not file.closed:  # A reader that was given up may end after its file.
                text.detach()


def encoding_of(source: Source) -> str:
    """Return the encoding of a source.

    Raises Refused, which names the row, when a row has no known encoding.
    """
    if isinstance(source, str):
        return "utf-8"
    with open_source(source) as file:
        sample = file.read(_SAMPLE)
        for mark, name in _MARKS:
            if sample.startswith(mark):
                return name
        if wide := _wide(sample):
            return wide
        file.seek(0)
        return _narrow(iter(lambda: file.read(_CHUNK), b""))


def decoded_text(source: Source) -> str:
    """Return the whole text of a source that must be in memory at once, such as a JSON document."""
    with opened_text(source, encoding_of(source)) as text:
        return text.read()


def _wide(sample: bytes) -> str | None:
    ends = [
        end + 1 for mark in (b"\n\0", b"\0\n", b"\r\0", b"\0\r") if (end := sample.find(mark)) > 0
    ]
    sample = sample[: min(ends, default=len(sample))]
    pairs = len(sample) // 2
    if pairs == 0:
        return None
    first, second = sample[: 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if second > 0.4 * pairs and first < 0.1 * pairs:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 * pairs and second < 0.1 * pairs else None


def _narrow(chunks: Iterator[bytes]) -> str:
    """Return UTF-8, or Windows-1252 for bytes that are not UTF-8.

    Raises Refused when the bytes mix both or fit neither.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    row, has_utf8, is_utf8, last = 1, False, True, b""
    for chunk in chunks:
        if is_utf8:
            try:
                has_utf8 = not decoder.decode(chunk).isascii() or has_utf8
            except UnicodeDecodeError as bad:
                good = bad.object[: bad.start]
                if has_utf8 or not good.isascii():
                    raise _broken(row + good.count(b"\n")) from bad
                is_utf8 = False
        if not is_utf8:
            _check_western(last, chunk, row)
            last = chunk[1 - _UTF8_BYTES_MAX :]
        row += chunk.count(b"\n")
    if is_utf8 and decoder.getstate()[0]:  # The last character is cut, or it is not UTF-8.
        if has_utf8:
            raise _broken(row)
        is_utf8 = False
    return "utf-8" if is_utf8 else "cp1252"


def _check_western(last: bytes, chunk: bytes, row: int) -> None:
    """Raise Refused for bytes that Windows-1252 does not have, or that are letters of UTF-8.

    `last` are the bytes in front of the chunk, in which a letter of UTF-8 may begin.
    """
    try:
        chunk.decode("cp1252")
    except UnicodeDecodeError as bad:
        raise _broken(row + chunk[: bad.start].count(b"\n")) from bad
    if found := _UTF8_INSIDE.search(last + chunk):
        raise _broken(row + chunk[: max(0, found.start() - len(last))].count(b"\n"))


def _broken(line: int) -> Refused:
    return Refused(
        f"line {line}: this is not UTF-8 text; save the file as CSV UTF-8 and send it again",
        row=line,
    )
