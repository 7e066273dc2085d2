"""One import or export in the hands of one runner."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs
from gateway.store.batches.file_jobs import FileJob, JobOutcome
from gateway.store.db import Connection


class Lost(Exception):  # It undoes the transaction that would have ended the job.
    """A signal that another runner has the job."""


@dataclass(slots=True)
class FileWork:
    """A job, the runner's token, and the progress so far."""

    rt: Runtime
    job: FileJob
    token: UUID
    rows_read: int = 0
    rows_done: int = 0
    rows_total: int | None = None
    is_ended: bool = False
    """The job is ended in a transaction, so its lease is over without another runner."""
    folder: FileFolder = field(init=False)

    def __post_init__(self) -> None:
        self.folder = FileFolder(self.rt.settings)

    def name(self, suffix: str) -> str:
        """Return the name of a file that only this runner writes."""
        return f"{self.job.id}.{self.token.hex[:12]}{suffix}"

    async def renew(self, until: datetime) -> bool:
        """Keep the job and tell its progress. Return False when another runner has it."""
        progress = (self.rows_read, self.rows_done, self.rows_total)
        return await file_jobs.renew(self.rt.db, self.job.id, self.token, until, progress)

    async def end(self, out: JobOutcome) -> None:
        """End the job in a transaction of its own. Raises Lost when another runner has it."""
        async with self.rt.db.transaction() as db:
            await self.end_within(db, out)
        self.rt.jobs.enqueue("publish_events")
        if self.job.file is not None and self.job.file != out.file:
            self.folder.remove(self.job.file)

    async def end_within(self, db: Connection, out: JobOutcome) -> None:
        """End the job inside a transaction. Raises Lost when another runner has it."""
        now = self.rt.clock.now()
        expires_at = now + timedelta(days=self.rt.settings.files.days)
        if not await file_jobs.end(db, self.job, self.token, out, now, expires_at):
            raise Lost
        self.is_ended = True

    async def let_go(self, at: datetime) -> None:
        """Give the job back, so that a runner begins it again at that time."""
        await file_jobs.let_go(self.rt.db, self.job.id, self.token, at)
