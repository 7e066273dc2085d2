"""The data folder belongs to its owner alone: it holds keys, phone numbers in logs of others, and locks."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

OURS: Final = ("secret.key", "up.lock", "postgres", "redis", "spool", "logs", "ready")
"""What a data folder of ours holds; a folder with other things in it may be shared, and is left as
it is.
"""
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def make_private(data_dir: Path) -> None:
    """Make the data folder 0700 and its files 0600, also where an earlier version or a person left them open.

    The servers' own folders are closed already and stay as they are. A folder that holds
    anything else keeps its mode: it may be /var/lib or a home.
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
    """Take the rights of others away, where the file is ours to change."""
    with contextlib.suppress(OSError):
        there = path.lstat()
        if stat.S_ISLNK(there.st_mode) or there.st_uid not in (os.geteuid(), 0):
            return
        if there.st_mode & _OPEN_TO_OTHERS:
            path.chmod(stat.S_IMODE(there.st_mode) & ~_OPEN_TO_OTHERS)
