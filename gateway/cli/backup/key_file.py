"""The file that holds a copy of the secret key, apart from the backups that it opens."""

import os
from pathlib import Path

from gateway.base.errors import Refused
from gateway.base.vault import Vault


def store(path: Path, key: str) -> None:
    """Write the key so that only its owner can read it. An existing copy of the key stays.

    Raises Refused when the file holds another key.
    """
    if path.exists():
        if read_key_file(path) != key:
            raise Refused(
                f"{path} holds another secret key: name another file, or move this one away (earlier backups need it)"
            )
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{key}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as bad:
        raise Refused(f"the secret key cannot be written to {path}: {bad.strerror}") from bad


def read_key_file(path: Path) -> str:
    """Return the key in a file. Raises Refused when there is none."""
    try:
        key = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as bad:
        raise Refused(f"the secret key cannot be read from {path}: {bad.strerror}") from bad
    Vault(key)
    return key


def must_be_apart(path: Path, folder: Path) -> None:
    """Raise Refused for a key file inside the backup, because a thief would have both."""
    if folder.resolve() in (path.resolve(), *path.resolve().parents):
        raise Refused(
            f"--key-to {path} lies in the backup {folder}: name a file in another place, best on another medium"
        )
