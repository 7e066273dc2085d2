"""A month in a file: gzip, one JSON object per line, a header first and the number of rows last.

Its checksum is in a file beside it, in the form of `sha256sum`. Phone numbers and bodies of events
stay sealed. A file is written as a draft, synced and renamed, so that a file with the final name is
always complete.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import orjson

from gateway.base.errors import Refused

FORMAT: Final = 1
_CHUNK = 1 << 20
_LINE_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """A complete file on the disk."""

    path: Path
    rows: int
    size_bytes: int
    sha256: str


class Writer:
    """A file that is being written. `close` gives it its final name."""

    def __init__(self, folder: Path, name: str, header: Mapping[str, Any]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{name}.jsonl.gz"
        self._draft = folder / f"{name}.jsonl.gz.draft"
        self._draft.unlink(missing_ok=True)
        handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        # The name and the time are left out, so that the same rows make the same file.
        self._gzip = gzip.GzipFile("", "wb", 6, cast("BinaryIO", self._file), mtime=0)
        self._rows = 0
        self._put({"gateway_archive": FORMAT, **header})

    def _put(self, said: Mapping[str, Any]) -> None:
        self._gzip.write(orjson.dumps(said) + b"\n")

    def add(self, lines: Sequence[str]) -> None:
        """Write rows, each a JSON object."""
        self._gzip.write("".join(f"{line}\n" for line in lines).encode())
        self._rows += len(lines)

    def close(self) -> Written:
        """Finish the file, check it by reading it again, and give it its final name.

        Raises OSError when the disk fails, and Refused when the check fails.
        """
        self._put({"rows": self._rows})
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = _digest(self._draft)
        if sum(1 for _ in _rows(self._draft)) != self._rows:
            raise Refused(
                f"{self._draft} differs from the rows that were written to it; check the disk"
            )
        self._draft.rename(self._path)
        _write_checksum(self._path, digest)
        return Written(self._path, self._rows, self._path.stat().st_size, digest)

    def abandon(self) -> None:
        """Remove the draft."""
        self._file.close()
        self._draft.unlink(missing_ok=True)


def read_archive(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the header and then each row of a file.

    Raises Refused when the file is not an archive, was cut off, or was changed.
    """
    if not path.is_file():
        raise Refused(f"there is no file {path}")
    checksum = _checksum_of(path)
    if checksum.exists():
        said = checksum.read_text(errors="replace").split()
        if not said or said[0] != _digest(path):
            raise Refused(
                f"{path} is not what was written: its checksum in {checksum.name} differs"
            )
    with_header = _lines(path)
    header = next(with_header, None)
    if header is None or header.get("gateway_archive") != FORMAT:
        raise Refused(f"{path} is not an archive of this gateway")
    yield header
    yield from _rows(path)


def is_checked(path: Path) -> bool:
    """Return whether a file has its checksum beside it."""
    return _checksum_of(path).exists()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file. Raises Refused when their number differs from the stated one."""
    count, last = 0, dict[str, Any]()
    for number, line in enumerate(_lines(path)):
        if number > 1:
            yield last
            count += 1
        if number > 0:
            last = line
    if last.get("rows") != count or len(last) != 1:
        raise Refused(f"{path} is cut off: its last line is missing")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(_LINE_MAX):
                yield orjson.loads(line)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as bad:
        raise Refused(f"{path} cannot be read: {bad}") from bad


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _write_checksum(path: Path, digest: str) -> None:
    """Write the checksum beside its file. Both are on the disk when this returns."""
    draft = path.with_name(f"{path.name}.sha256.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{digest}  {path.name}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(_checksum_of(path))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
