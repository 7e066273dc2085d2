"""The spool: files on this machine with the events that came while the database was away.

One file holds one group of events. It is written completely (a draft, fsync, rename, fsync of the
folder) before the provider gets its 200. Bodies are sealed as in the database. Reading a file twice
does no harm, since the database knows what makes an event unique. Any process with the folder may
empty it.
"""

import contextlib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

import orjson
import structlog

from gateway.store.turns.inbox import SealedEvent

log = structlog.get_logger()

# With some hundred events per file, this lasts for days of an outage. Beyond it, providers are
# asked to send again.
FILES_MAX = 20_000
EVENTS_AT_ONCE = 2000
_DRAFT_ABANDONED_S = 60
_ROOM_BYTES = 64 * 1024


class SpoolFull(OSError):
    """A refusal to store more files, since the database has been away for too long."""


class Spool:
    """The stored events of one folder, in files. Its methods block, so call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, events: Sequence[SealedEvent]) -> None:
        """Store events. They are on the disk when this returns. Raises OSError when that fails."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(1 for _ in self._folder.glob("*.events")) >= FILES_MAX:
            raise SpoolFull(f"{FILES_MAX} files wait in {self._folder}")
        name = uuid4().hex
        draft = self._folder / f"{name}.draft"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.writelines(
                    orjson.dumps([e.channel, e.kind, e.event_id, e.body_sealed.hex()]) + b"\n"
                    for e in events
                )
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._folder / f"{name}.events")
        except OSError:
            # On a full disk the draft is empty, and would stay for ever.
            draft.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def check_room(self) -> None:
        """Raise OSError when a group of events could not be stored now. It leaves no file."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{uuid4().hex}.draft"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(bytes(_ROOM_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            draft.unlink(missing_ok=True)

    def oldest(self) -> list[tuple[Path, list[SealedEvent]]]:
        """Return the oldest files with their events, some thousand at a time.

        A file that another process has just emptied is left out. A file that cannot be read (a disk
        that failed) is put aside, so that it delays no other.
        """
        self._remove_drafts()
        found, events = list[tuple[Path, list[SealedEvent]]](), 0
        for path in sorted(self._folder.glob("*.events"), key=_age):
            with contextlib.suppress(FileNotFoundError):
                try:
                    found.append((path, [_event(line) for line in path.read_bytes().splitlines()]))
                    events += len(found[-1][1])
                except (ValueError, TypeError) as bad:
                    self.put_aside(path, str(bad))
            if events >= EVENTS_AT_ONCE:
                break
        return found

    def _remove_drafts(self) -> None:
        """Remove the drafts of processes that were killed while writing.

        Their providers were never told that the events are stored.
        """
        for draft in self._folder.glob("*.draft"):
            if _age(draft) < time.time() - _DRAFT_ABANDONED_S:
                draft.unlink(missing_ok=True)

    def put_aside(self, path: Path, why: str) -> None:
        """Rename a file, so that it is kept for an operator and delays no other."""
        log.error("a file of the spool was put aside for an operator", file=str(path), why=why)
        path.rename(path.with_suffix(".aside"))

    def drop(self, paths: Iterable[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _event(line: bytes) -> SealedEvent:
    channel, kind, event_id, body = orjson.loads(line)
    return SealedEvent(channel, kind, event_id, bytes.fromhex(body))
