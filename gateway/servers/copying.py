"""The dump and the restore of a whole database, by PostgreSQL's `pg_dump` and `pg_restore`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from gateway.base.redaction import redacted
from gateway.servers.binaries import POSTGRES_WHEELS, programs_in_wheels
from gateway.servers.errors import ServerError

_CHUNK_BYTES: Final = 1 << 20
_SAID_CHARACTERS_MAX: Final = 600


def find_client(name: str, major: int) -> tuple[Path, int]:
    """Return the path and major version of a `pg_dump` or `pg_restore` that suits a server.

    `major` is the server's major version. A program that is older than the server refuses it. A
    much newer program writes statements that the server does not know. So the function returns the
    oldest program that is new enough, and raises ServerError when there is none.
    """
    seen = {path: version for path in _candidates(name) if (version := _major_of(path))}
    fitting = sorted((version, path) for path, version in seen.items() if version >= major)
    if not fitting:
        found = ", ".join(str(v) for v in sorted(set(seen.values()))) or "none"
        raise ServerError(
            f"no {name} of PostgreSQL {major} or newer is here (found: {found}): run `make setup`, "
            f"or install postgresql-client-{major}"
        )
    version, path = fitting[0]
    return path, version


def dump(program: Path, url: str, snapshot: str) -> Iterator[bytes]:
    """Yield the dump of a database, as an exported snapshot shows it, in pieces."""
    address, env = _address(url)
    argv = [
        str(program),
        *("--format=custom", "--no-owner", "--no-privileges", "--no-password"),
        f"--snapshot={snapshot}",
        f"--dbname={address}",
    ]
    with subprocess.Popen(  # noqa: S603  # a program that we have found ourselves
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        try:
            while piece := process.stdout.read(_CHUNK_BYTES):
                yield piece
        except BaseException:
            process.kill()
            raise
        said = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise ServerError(f"pg_dump failed: {_last_words(said)}")


def load(program: Path, url: str, file: Path) -> None:
    """Restore a dump into an empty database, either completely or not at all."""
    address, env = _address(url)
    done = subprocess.run(  # noqa: S603
        [
            str(program),
            *("--single-transaction", "--exit-on-error", "--no-password"),
            *("--no-owner", "--no-privileges", f"--dbname={address}", str(file)),
        ],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise ServerError(
            f"pg_restore failed, and nothing was restored: {_last_words(done.stderr)}"
        )


def _candidates(name: str) -> Iterator[Path]:
    wheels = tuple((package, pattern.replace("/postgres", f"/{name}")) for package, pattern in POSTGRES_WHEELS)  # fmt: skip
    yield from programs_in_wheels(wheels)
    yield from Path("/usr/lib/postgresql").glob(f"[0-9]*/bin/{name}")
    if on_path := shutil.which(name):
        yield Path(on_path)


def _major_of(program: Path) -> int | None:
    """Return the program's major version, or None when it does not run."""
    try:
        said = subprocess.run(  # noqa: S603
            [str(program), "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else None


def _address(url: str) -> tuple[str, Mapping[str, str]]:
    """Return the address without its password, and an environment that holds the password.

    Every user of the machine can read the arguments of a command.
    """
    parts = urlsplit(url.replace("postgresql+asyncpg://", "postgresql://", 1))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    user, _, hosts = parts.netloc.rpartition("@")
    user, _, password = user.partition(":")
    pairs = list[tuple[str, str]]()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "password":
            password = quote(value, safe="")
        else:
            pairs.append((name, value))
    if password:
        env["PGPASSWORD"] = unquote(password)
    place = f"{user}@{hosts}" if user else hosts
    query = urlencode(pairs, quote_via=quote, safe="/")
    return urlunsplit(("postgresql", place, parts.path, query, "")), env


def _last_words(said: str) -> str:
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()
    return redacted(" ".join(lines[:3]))[:_SAID_CHARACTERS_MAX] or "it did not say why"
