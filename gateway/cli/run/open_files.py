"""The limit of open files per process, to which each connection counts."""

import contextlib
import resource
from typing import Final

# The database, Redis, providers, logs and the spool of one process need fewer files.
OWN_FILES: Final = 256
# The limit to request where the hard limit is "any", which some systems do not grant.
_ENOUGH: Final = 65_536


def raise_file_limit() -> None:
    """Raise this process's limit of open files to the highest that the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with contextlib.suppress(
        ValueError, OSError
    ):  # The old limit stays, and `connections_max` follows it.
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_max() -> int:
    """Return how many connections the limit of open files allows."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _ENOUGH
    return max(soft - OWN_FILES, soft // 2)
