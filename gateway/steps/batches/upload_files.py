"""The file of an upload: the body itself, or the first file of a form, extracted piece by piece."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.base.errors import Refused

_PIECE_BYTES = 256 * 1024


@contextmanager
def first_file(body: BinaryIO, content_type: str, folder: Path) -> Generator[tuple[BinaryIO, str]]:
    """Yield the uploaded file and its content type. Raises Refused for a form without a file.

    A file of a form is written into the folder for as long as the block lasts.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        yield body, content_type
        return
    if not options.get(b"boundary"):
        raise Refused("the form names no boundary; send the file as the body instead")
    with tempfile.TemporaryFile(dir=folder) as file:
        part = _FirstFile(cast("BinaryIO", file))
        try:
            parser = MultipartParser(options[b"boundary"], part.callbacks())  # pyright: ignore[reportArgumentType]
            while piece := body.read(_PIECE_BYTES):
                parser.write(piece)
            parser.finalize()
        except ValueError as bad:  # the errors of python_multipart are ValueErrors
            raise Refused(f"this is not a form: {bad}") from bad
        if not part.found:
            raise Refused("the form holds no file")
        file.seek(0)
        yield cast("BinaryIO", file), part.content_type


class _FirstFile:
    """The receiver of the parser's calls for the parts of a form, which keeps the first file."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._taking = False
        self.found = False
        self.content_type = ""

    def callbacks(self) -> dict[str, object]:
        """Return the functions that the parser calls."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
        }

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name.extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value.extend(data[start:end])

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if not self.found and b"filename" in options:
            self.found = self._taking = True
            self.content_type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._taking:
            self._out.write(data[start:end])

    def _part_end(self) -> None:
        self._taking = False
