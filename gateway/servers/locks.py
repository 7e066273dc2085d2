"""File locks that the kernel releases when their holder dies, however it dies.

`flock` belongs to an open file, not to a process. A forked child holds the locks of its parent, and
the kernel releases a lock when the last copy of its file is closed. So nothing has to be cleaned up
after a kill -9.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from gateway.servers.errors import ServerError

POLL_S: Final = 0.01


def take_lock(path: Path, *, shared: bool, wait_s: float) -> int:
    """Lock `path` and return the file descriptor that holds the lock. Closing it releases the lock.

    Raises ServerError when the lock is not free within `wait_s` seconds.
    """
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
    """Return whether a process holds the lock exclusively. A missing lock file is not held."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return not _try(descriptor, shared=True)
    finally:
        os.close(descriptor)


def nobody_else(descriptor: int) -> bool:
    """Return whether the holder of this shared lock is the last one.

    The question itself may lose the lock.
    """
    return _try(descriptor, shared=False)


def open_private(path: Path, flags: int = 0) -> int:
    """Open `path` for writing; create it if absent, and close it when a program is started.

    Only the owner may open the file, since another user could otherwise hold the lock. A file that
    root makes in another user's folder becomes that user's.
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
