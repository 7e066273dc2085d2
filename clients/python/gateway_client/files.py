"""Imports and exports: files of any size, which the gateway reads and writes later."""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx

from gateway_client.models import media_type

_PIECE_BYTES: Final = 1 << 20
_ENDED: Final = ("ready", "failed")


@dataclass(frozen=True, slots=True)
class FileJob:
    """An import or an export, and how far it is.

    `state` is `queued`, `running`, `ready` or `failed`; `reason` says why it failed. `problems`
    lists the first bad rows of an import, and `problems_total` counts all.
    """

    id: str
    kind: str
    batch: str
    state: str
    rows_done: int
    rows_total: int | None
    bytes: int | None
    sha256: str | None
    reason: str
    problems_total: int
    problems: tuple[Mapping[str, Any], ...] = ()
    url: str | None = None
    rows_read: int = 0

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Return the job in a response. Fields that a newer gateway adds are left out."""
        known = {name: said[name] for name in cls.__slots__ if name in said}
        return cls(**{**known, "problems": tuple(said.get("problems", ()))})

    @property
    def has_ended(self) -> bool:
        """Return whether the job is ready or failed."""
        return self.state in _ENDED


class BatchFiles:
    """The methods for files of any size."""

    def import_file(
        self,
        batch: str,
        path: str | Path,
        *,
        strict: bool = False,
        columns: Mapping[str, str] | None = None,
        shape: str = "auto",
    ) -> FileJob:
        """Send a file of tasks to a draft, and return the import that will store them.

        `columns` names the column of each field that has another name. The file is sent piece by
        piece.
        """
        file = Path(path)
        asked = {"strict": str(strict).lower(), "shape": shape}
        if columns:
            asked["map"] = ",".join(f"{field}:{column}" for field, column in columns.items())
        headers = {"Content-Type": media_type(file), "Idempotency-Key": uuid.uuid4().hex}
        answer = self._asks(
            "POST", f"/batches/{batch}/imports", params=asked, content=file, headers=headers
        )
        return FileJob.read(answer.json())

    def export(
        self, batch: str, form: str = "csv", *, what: str = "results", raw: bool = False
    ) -> FileJob:
        """Order a file of `results`, `answers` or `proof` in a format, and return the export."""
        order = {"what": what, "format": form, "raw": raw}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self._asks("POST", f"/batches/{batch}/exports", json=order, headers=headers)
        return FileJob.read(answer.json())

    def file_job(self, job: FileJob) -> FileJob:
        """Return an import or an export as it is now."""
        path = f"/batches/{job.batch}/{job.kind}s/{job.id}"
        return FileJob.read(self._asks("GET", path).json())

    def watch_file(self, job: FileJob, *, every_s: float = 1.0) -> Iterator[FileJob]:
        """Yield an import or an export whenever it changes, until it has ended."""
        yield job
        while not job.has_ended:
            time.sleep(every_s)
            now = self.file_job(job)
            if now != job:
                yield now
            job = now

    def download(self, job: FileJob, path: str | Path) -> int:
        """Write the file of an export that is ready, piece by piece, and return its size."""
        return self._saves(f"/batches/{job.batch}/exports/{job.id}/file", Path(path))

    def _saves(self, path: str, file: Path) -> int:
        raise NotImplementedError

    def _asks(self, method: str, path: str, **given: Any) -> httpx.Response:
        raise NotImplementedError


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
