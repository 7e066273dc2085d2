"""The places of Debian's programs: unpacked by scripts/machines.sh, or installed."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway.servers.account import account_for, can_reach
from gateway.servers.binaries import CACHE

REPOSITORY = Path(__file__).parents[3]
UNPACKED = REPOSITORY / ".tools" / "debian"
_NEEDED = ("patroni", "etcd", "pgbouncer", "haproxy", "redis-server", "redis-sentinel")


@dataclass(frozen=True)
class Programs:
    """The programs, and the user under which PostgreSQL and PgBouncer run: they refuse root."""

    root: Path
    postgres: Path
    python: Path
    user: tuple[int, int] | None

    def path(self, name: str) -> str:
        """Return the path of a program."""
        found = shutil.which(name, path=f"{self.root}/usr/bin:{self.root}/usr/sbin")
        assert found, name
        return found

    def environment(self) -> dict[str, str]:
        """Return the environment in which they find their libraries."""
        libraries = sorted(self.root.glob("usr/lib/*-linux-gnu"))
        return {
            "PATH": f"{self.postgres}:{os.defpath}:/usr/sbin:/sbin",
            "LD_LIBRARY_PATH": ":".join(str(one) for one in libraries),
            "PYTHONPATH": f"{self.root}/usr/lib/python3/dist-packages",
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
        }


def missing() -> str:
    """Return what is not here, and how to have it; "" when all is."""
    path = f"{UNPACKED}/usr/bin:{UNPACKED}/usr/sbin"
    without = [name for name in _NEEDED if shutil.which(name, path=path) is None]
    if _postgres(UNPACKED) is None:
        without.append("postgresql")
    if not Path("/usr/bin/python3").exists():
        without.append("Debian's python3")
    return f"no {', '.join(without)} here (sh scripts/machines.sh)" if without else ""


def find() -> Programs:
    """Return the programs.

    They are copied to where their user may read them if this checkout lies in a closed folder.
    """
    account = account_for(Path("/nonexistent"))
    user = (account.uid, account.gid) if account.demoted else None
    root = UNPACKED
    if not can_reach(root, account):
        root = CACHE / "machines"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(UNPACKED, root, symlinks=True)
        CACHE.chmod(0o755)
        root.chmod(0o755)
    postgres = _postgres(root)
    assert postgres
    return Programs(root, postgres, Path("/usr/bin/python3"), user)


def gateway() -> tuple[str, ...]:
    """Return the words that start our own program."""
    return (sys.executable, "-m", "gateway")


def _postgres(root: Path) -> Path | None:
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *root.glob("usr/lib/postgresql/*/bin")]
    there = [one for one in folders if (one / "postgres").exists() and (one / "pg_rewind").exists()]
    return max(there, key=lambda one: int(one.parent.name), default=None)
