"""The folder of one backup: the dump, its description, their checksums, and a signature.

The signature is made with the secret key.
"""

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.base.errors import Refused
from gateway.base.vault import Vault
from gateway.store.ledger.books import BooksSnapshot

DUMP: Final = "database.dump"
ABOUT: Final = "about.json"
CHECKSUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SIGNATURE"
FORMAT: Final = 1
_KEY_CHECK: Final = "the secret key of a backup"
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupDescription:
    """The description of a backup.

    `schema` is the revision of the database's schema. `server` and `dumped_by` are the major
    versions of the copied PostgreSQL and of its `pg_dump`. `key_check` recognises the secret key
    without revealing it.
    """

    made_at: str
    schema: str
    server: int
    dumped_by: int
    key_check: str
    books: BooksSnapshot


def key_check(vault: Vault) -> str:
    """Return a value that recognises the secret key."""
    return vault.index(_KEY_CHECK).hex()


def write_draft(
    draft: Path, pieces: Iterable[bytes], about: BackupDescription, vault: Vault
) -> int:
    """Fill a draft of the folder and return the size of the dump in bytes.

    Everything is on the disk when this returns.
    """
    dumped, size = _write(draft / DUMP, pieces)
    text = orjson.dumps({"format": FORMAT, **asdict(about)}, option=orjson.OPT_INDENT_2) + b"\n"
    told, _ = _write(draft / ABOUT, [text])
    sums = f"{dumped}  {DUMP}\n{told}  {ABOUT}\n"
    _write(draft / CHECKSUMS, [sums.encode()])
    _write(draft / SIGNATURE, [vault.index(sums).hex().encode() + b"\n"])
    _sync(draft)
    return size


def publish_backup(draft: Path, folder: Path) -> None:
    """Give a complete draft its final name."""
    draft.rename(folder)
    _sync(folder.parent)


def read_description(folder: Path) -> BackupDescription:
    """Return the description of a complete backup. Raises Refused for a damaged or unknown one."""
    if not folder.is_dir():
        raise Refused(
            f"{folder} is not a folder: name the folder that `gateway backup` has written"
        )
    for name in (DUMP, ABOUT, CHECKSUMS, SIGNATURE):
        if not (folder / name).is_file():
            raise Refused(
                f"{folder} is not a complete backup: {name} is missing; copy the folder again, or take another backup"
            )
    _check_sums(folder)
    try:
        told: dict[str, Any] = orjson.loads((folder / ABOUT).read_bytes())
        if told.pop("format") != FORMAT:
            raise Refused(
                f"{folder / ABOUT} has the format of a newer gateway: restore it with that version"
            )
        books = BooksSnapshot(**told.pop("books"))
        return BackupDescription(**told, books=books)
    except (ValueError, KeyError, TypeError) as bad:
        raise Refused(f"{folder / ABOUT} cannot be read ({bad}): take another backup") from bad


def check_key(folder: Path, about: BackupDescription, vault: Vault) -> None:
    """Raise Refused unless the backup was made with this secret key and is unchanged."""
    if not hmac.compare_digest(about.key_check, key_check(vault)):
        raise Refused(
            f"this is not the secret key of the backup in {folder}: with it no phone number could be read. Give the key that "
            "`gateway backup --key-to` stored, with --key, or as GATEWAY_SECRET_KEY"
        )
    sums = (folder / CHECKSUMS).read_bytes().decode(errors="replace")
    signed = (folder / SIGNATURE).read_bytes().decode(errors="replace").strip()
    if not hmac.compare_digest(signed.encode(), vault.index(sums).hex().encode()):
        raise Refused(
            f"the signature of {folder} is not the one of its checksums: it was changed after the gateway wrote it. Take "
            "another backup, and find out who can write there"
        )


def _check_sums(folder: Path) -> None:
    wanted = dict[str, str]()
    for line in (folder / CHECKSUMS).read_bytes().decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        wanted[name] = digest
    for name in (DUMP, ABOUT):
        if wanted.get(name) != _digest(folder / name):
            raise Refused(
                f"the checksum of {folder / name} is wrong: the file is damaged. Copy the backup again, or take another one; "
                "nothing was restored"
            )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, pieces: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
