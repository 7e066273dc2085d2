"""The short private folder of a server's Unix socket, remembered by a symlink.

The path of a socket may have about 107 bytes (104 on macOS), and a data folder's path may need far
more. So sockets never live in the data folder. `home/run` points to the folder in use, so that
processes with another temporary folder (cron, systemd, a login shell) find the same socket.
"""

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from gateway.servers.account import SystemUser, can_reach, hand_over
from gateway.servers.errors import ServerError

SOCKET_PATH_BYTES_MAX: Final = 103
LONGEST_NAME: Final = "gateway-12345678/.s.PGSQL.5432.lock"


def run_dir(home: Path) -> Path:
    """Return the folder in use, which need not exist (yet, or any more)."""
    try:
        return (home / "run").readlink()
    except FileNotFoundError:
        return home / "run"


def make_run_dir(home: Path, account: SystemUser) -> Path:
    """Return an empty private folder for a server's socket, to which `home/run` points.

    The folder of the server before is emptied and used again if it still belongs to `account`, the
    system user. Then its path stays the same, so that programs which outlive a killed supervisor
    reach the new server. Otherwise a new folder is made.
    """
    last = run_dir(home)
    if _is_ours(last, account):
        for left_over in last.iterdir():
            left_over.unlink()
        return last
    fresh = Path(tempfile.mkdtemp(prefix="gateway-", dir=_base(account)))
    hand_over(fresh, account)
    (home / "run.new").unlink(missing_ok=True)
    (home / "run.new").symlink_to(fresh)
    (home / "run.new").replace(home / "run")
    return fresh


def _is_ours(path: Path, account: SystemUser) -> bool:
    # After a reboot, another user may have made a folder of that name in the temporary folder.
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(there.st_mode) and there.st_uid == account.uid and not there.st_mode & 0o077


def _base(account: SystemUser) -> str:
    """Return the first folder that is writable, short enough for a socket and within reach.

    Raises ServerError when there is none.
    """
    runtime = "/run" if account.demoted else os.environ.get("XDG_RUNTIME_DIR", "")
    for place in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108  (mkdtemp makes it private)
        short = len(os.fsencode(f"{place}/{LONGEST_NAME}")) <= SOCKET_PATH_BYTES_MAX
        writable = bool(place) and os.access(place, os.W_OK | os.X_OK)
        if short and writable and can_reach(Path(place), account):
            return place
    raise ServerError(
        "There is no place for a socket: /tmp is missing or not writable. Set TMPDIR to a writable "
        "folder with a path under 60 bytes."
    )
