"""The account under which a server runs. PostgreSQL refuses root, so root's servers are demoted."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from gateway.servers.errors import ServerError


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user and its group. It is `demoted` when it is not the user of the current process."""

    uid: int
    gid: int
    demoted: bool

    @property
    def ids(self) -> list[int]:
        """Return the user and group to change to, or `[]` when no change is needed."""
        return [self.uid, self.gid] if self.demoted else []


def account_for(data: Path) -> SystemUser:
    """Return the account under which the servers of `data` run.

    That is the current user. For root it is the owner of `data` when the folder exists, else
    `postgres`, else `nobody`. The owner comes first because a folder that an ordinary user created
    must stay usable for that user after root's visit. The function creates no account and opens no
    parent folder to the account. Raises ServerError when root finds no account.
    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid(), demoted=False)
    if data.exists() and (there := data.stat()).st_uid != 0:
        return SystemUser(there.st_uid, there.st_gid, demoted=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_uid, entry.pw_gid, demoted=True)
    raise ServerError(
        "PostgreSQL refuses to run as root and this machine has no account 'nobody' to run it "
        "under: start the gateway as an ordinary user or set GATEWAY_DATABASE_URL."
    )


def can_reach(path: Path, account: SystemUser) -> bool:
    """Return whether the account may enter every folder down to `path`, access lists aside."""
    return not account.demoted or all(
        folder.stat().st_mode & 0o001 or folder.stat().st_uid == account.uid
        for folder in (path, *path.parents)
    )


def hand_over(path: Path, account: SystemUser) -> None:
    """Make `path` a private folder of the account."""
    if account.demoted:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
