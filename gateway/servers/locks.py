"""File locks that the kernel gives back when their holder dies, however it dies.

`flock` belongs to an open file, not to a process: a forked child holds what its parent held, and
the lock falls when the last copy is closed. Nothing here has to be cleaned up after a kill -9.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from gateway.servers.errors import ServerError

POLL_S: Final = 0.01


def take(path: Path, *, shared: bool, wait_s: float) -> int:
    """Lock `path` and return the file descriptor that holds it; close it to let go."""
    descriptor = open_private(path)
    deadline = time.monotonic() + wait_s
    while not _try(descriptor, shared=shared):
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise ServerError(
                f"Another gateway process has been starting or stopping {path.parent.name} in "
                f"{path.parent.parent} for {wait_s:.0f} s: wait for it or end it, then try again."
            )
        time.sleep(POLL_S)
    return descriptor


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock exclusively; a lock that is not there is held by none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not _try(descriptor, shared=True)
    finally:
        os.close(descriptor)


def nobody_else(descriptor: int) -> bool:
    """Whether the holder of this shared lock is the last; the lock may be lost by asking."""
    return _try(descriptor, shared=False)


def open_private(path: Path, flags: int = 0) -> int:
    """Open `path` for writing, made if absent, and closed again when a program is started.

    It is its owner's alone: another user who could open it could hold the lock. A file that root
    makes in another user's folder becomes that user's.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o600)
    there = os.fstat(descriptor)
    if there.st_uid == os.geteuid():
        os.fchmod(descriptor, 0o600)
        owner = path.parent.stat()
        if there.st_uid == 0 and owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def _try(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
