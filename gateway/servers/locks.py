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
    descriptor = open_for_all_users(path)
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
    """Whether some process holds the lock exclusively."""
    descriptor = open_for_all_users(path)
    try:
        return not _try(descriptor, shared=True)
    finally:
        os.close(descriptor)


def nobody_else(descriptor: int) -> bool:
    """Whether the holder of this shared lock is the last; the lock may be lost by asking."""
    return _try(descriptor, shared=False)


def open_for_all_users(path: Path, flags: int = 0) -> int:
    """Open `path` for writing, made if absent, and closed again when a program is started."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    # Its private folder keeps strangers out; the file itself is open, for root's visit must not
    # leave a file there that the folder's owner can no longer use.
    if os.fstat(descriptor).st_uid == os.geteuid():
        os.fchmod(descriptor, 0o666)
    return descriptor


def _try(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
