"""The protection of the data folder, which only its owner may read.

The folder holds keys, locks, and logs with phone numbers of workers.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

OURS: Final = ("secret.key", "up.lock", "postgres", "redis", "spool", "logs", "ready")
"""The names of entries that show that the folder is a gateway's data folder.

A folder without any of them may be shared and is left unchanged.
"""
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def make_private(data_dir: Path) -> None:
    """Give the data folder the mode 0700 and its files 0600.

    That also closes files which an earlier version or an operator left open. The servers' own
    folders are closed already and stay unchanged. A folder that only holds other things keeps its
    mode: it may be /var/lib or a home.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    entries = list(data_dir.iterdir())
    if any(entry.name in OURS for entry in entries) or not entries:
        _close(data_dir)
    for entry in _ours(entries):
        _close(entry)


def _ours(entries: list[Path]) -> Iterator[Path]:
    for entry in entries:
        if entry.name in ("postgres", "redis"):
            yield entry
            yield from (each for each in entry.iterdir() if each.is_file())
        elif entry.name in OURS or entry.suffix in (".key", ".lock", ".request"):
            yield entry
            if entry.is_dir() and not entry.is_symlink():
                yield from entry.rglob("*")


def _close(path: Path) -> None:
    """Take the rights of other users away, if this user may change the file."""
    with contextlib.suppress(OSError):
        there = path.lstat()
        if stat.S_ISLNK(there.st_mode) or there.st_uid not in (os.geteuid(), 0):
            return
        if there.st_mode & _OPEN_TO_OTHERS:
            path.chmod(stat.S_IMODE(there.st_mode) & ~_OPEN_TO_OTHERS)
