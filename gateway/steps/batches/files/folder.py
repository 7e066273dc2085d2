"""The folder of the files of imports and exports, and the space that they leave on its disk."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from gateway.base.errors import Failed
from gateway.settings import Settings

FILES: Final = "files"
"""The folder in the data folder, unless the settings name another."""
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_LOOKED_AT_EVERY_BYTES: Final = 8 << 20
_ABANDONED_S: Final = 3600.0


class FileFolder:
    """The folder of these files. Only the gateway's own user may read it."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.files.folder or settings.data_dir / FILES
        self._free = settings.files.free_bytes

    def path_of(self, name: str) -> Path:
        """Return the path of a file."""
        return self.path / name

    def create(self, name: str) -> "BoundedFile":
        """Return a new file that is open for writing. Raises Failed where the disk is full."""
        try:
            self.path.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.check_room(0)
            handle = os.open(
                self.path_of(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE
            )
        except OSError as bad:
            raise full(bad) from bad
        return BoundedFile(self, os.fdopen(handle, "wb"))

    def check_room(self, more_bytes: int) -> None:
        """Raise Failed where these bytes more would leave too little space on the disk."""
        free = shutil.disk_usage(self.path).free
        if free - more_bytes < self._free:
            raise Failed(
                f"the disk for files has too little space: {free >> 20:,} MB are free, and "
                f"{self._free >> 20:,} MB must stay free (files.free_bytes); nothing was kept",
                retryable=True,
            )

    def remove(self, name: str) -> None:
        """Remove a file that may be gone already."""
        self.path_of(name).unlink(missing_ok=True)

    def remove_others(self, job: str, kept: str | None) -> None:
        """Remove the files of a job but one, such as the parts that a killed runner has left."""
        for path in self.path.glob(f"{job}.*"):
            if path.name != kept:
                path.unlink(missing_ok=True)

    def abandoned(self) -> Iterator[tuple[str, str]]:
        """Yield files that are not new: the id of the job that each belongs to, and its name."""
        if not self.path.is_dir():
            return
        before = time.time() - _ABANDONED_S
        for entry in os.scandir(self.path):
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                yield entry.name.partition(".")[0], entry.name


class BoundedFile:
    """A file that is being written. Its methods raise Failed where the disk is full."""

    def __init__(self, folder: FileFolder, file: BinaryIO) -> None:
        self._folder, self._file = folder, file
        self._unchecked = 0
        self.size = 0

    def write(self, some: bytes | bytearray) -> None:
        """Write bytes, and look now and then whether the disk has space for more."""
        try:
            self._file.write(some)
        except OSError as bad:
            raise full(bad) from bad
        self.size += len(some)
        self._unchecked += len(some)
        if self._unchecked >= _LOOKED_AT_EVERY_BYTES:
            self._unchecked = 0
            self._folder.check_room(0)

    def finish(self) -> None:
        """Close the file, which is then on the disk."""
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as bad:
            raise full(bad) from bad

    def abandon(self) -> None:
        """Close the file, whatever becomes of its content."""
        try:
            self._file.close()
        except OSError:
            return


def full(bad: OSError) -> Failed:
    """Return the failure for a file that cannot be written."""
    return Failed(f"the file cannot be kept: {bad.strerror}", retryable=True)
