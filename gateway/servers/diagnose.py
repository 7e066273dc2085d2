"""The translation of a failed start's output into one line that tells the operator what to do."""

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.servers.errors import ServerError

FULL: Final = "The disk that holds {home} is full: free some space, then start again."
SAYINGS: Final = (
    (r"No space left on device|Disk quota exceeded", FULL),
    (r"Read-only file system", "{home} is on a read-only file system: choose another data folder."),
    (
        r"could not (?:create|map|resize) .*shared memory|Cannot allocate memory",
        "There is not enough memory for {name}: it needs about 250 MB free.",
    ),
    (
        r"error while loading shared libraries: (?P<detail>[^:\n]+)",
        "{name} needs the system library {detail}: install it, or your distribution's {name}.",
    ),
    (
        r"database files are incompatible with server|initialized by PostgreSQL version",
        "{home} was written by another PostgreSQL: install that version or move the folder away.",
    ),
)


def start_failure(name: str, home: Path, said: str) -> ServerError:
    """Return the error for a server that ended at its start. `said` is its output."""
    for pattern, message in SAYINGS:
        if match := re.search(pattern, said):
            detail = match.groupdict().get("detail", "")
            return ServerError(message.format(name=name, home=home, detail=detail))
    last = " | ".join(line.strip() for line in said.strip().splitlines()[-3:])
    return ServerError(f"{name} did not start in {home}; it said: {last or 'nothing'}")


@contextmanager
def said_plainly(name: str, home: Path) -> Generator[None]:
    """Turn the system's errors about the data folder into a ServerError that says what to do."""
    try:
        yield
    except OSError as error:
        # The error itself names a folder that is missing or is not a folder.
        where = Path(error.filename) if isinstance(error.filename, str) else home
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                message = FULL.format(home=home)
            case errno.EACCES | errno.EPERM | errno.EROFS:
                message = (
                    f"{where} is not writable for this user: choose another data folder, or make "
                    "this user its owner."
                )
            case errno.ENOTDIR | errno.EEXIST | errno.ELOOP:
                message = f"{where} is in the way of the data folder: it is not a folder."
            case errno.ENAMETOOLONG:
                message = f"The path of the data folder is too long for this system: {home}"
            case _:
                message = f"{name} could not be started in {home}: {error}"
        raise ServerError(message) from error
