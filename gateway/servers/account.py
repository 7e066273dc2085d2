"""The account a server runs under: PostgreSQL refuses root, so root's servers are demoted."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from gateway.servers.errors import ServerError


@dataclass(frozen=True, slots=True)
class Account:
    """A user and its group; `demoted` when it is not the one we run as."""

    uid: int
    gid: int
    demoted: bool

    @property
    def ids(self) -> list[int]:
        """What to change to, `[]` to stay."""
        return [self.uid, self.gid] if self.demoted else []


def account_for(data: Path) -> Account:
    """Ourselves; for root the owner of `data` when it exists, else `postgres`, else `nobody`.

    The owner first: what an ordinary user created must stay usable for that user after root's
    visit. No account is created and no parent folder is opened up for it.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), demoted=False)
    if data.exists() and (there := data.stat()).st_uid != 0:
        return Account(there.st_uid, there.st_gid, demoted=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, demoted=True)
    raise ServerError(
        "PostgreSQL refuses to run as root and this machine has no account 'nobody' to run it "
        "under: start the gateway as an ordinary user or set GATEWAY_DATABASE_URL."
    )


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account may enter every folder down to `path` (access lists not considered)."""
    return not account.demoted or all(
        folder.stat().st_mode & 0o001 or folder.stat().st_uid == account.uid
        for folder in (path, *path.parents)
    )


def hand_over(path: Path, account: Account) -> None:
    """Make `path` a private folder of the account."""
    if account.demoted:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
