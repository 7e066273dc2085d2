"""The job that does the imports and exports that clients have ordered, one after the other.

A runner takes a lease on a job and renews it while it works. If the runner is killed, the lease
ends, and the next runner begins the job from its start. What a job writes becomes valid in the
transaction that ends the job, so a job that is done twice has no second effect.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

import structlog

from gateway.base.errors import Failed, Refused
from gateway.steps.batches.files.exports import run_export
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.batches.files.imports import run_import
from gateway.steps.batches.files.order import STEP
from gateway.steps.batches.files.work import FileWork, Lost
from gateway.steps.batches.uploading import TurnTaken
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs
from gateway.store.batches.file_jobs import JobKind, JobOutcome
from gateway.store.db import AWAY

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
ATTEMPTS_MAX = 5
"""The number of runners that begin a job until it fails. A job may be what kills them."""
_RENEW_S, _AGAIN = 2.0, timedelta(seconds=10)
_EXPIRED_AT_ONCE = 100
_KEPT_ROWS = timedelta(days=30)
"""The time after the end of its file for which the row of a job is kept."""
_WORK: dict[JobKind, Callable[[FileWork], Awaitable[JobOutcome | None]]] = {
    JobKind.IMPORT: run_import,
    JobKind.EXPORT: run_export,
}


async def do_file_jobs(rt: Runtime) -> bool:
    """Remove expired files, and do the oldest order that is due. Return whether there was one."""
    await _remove_expired(rt)
    token, now = uuid4(), rt.clock.now()
    job = await file_jobs.claim(rt.db, token, now, now + LEASE)
    if job is None:
        return False
    work = FileWork(rt, job, token)
    # A runner that lost this job may still write. Its file is gone then, and it cannot end the job.
    await asyncio.to_thread(work.folder.remove_others, job.id, job.file)
    if job.attempts > ATTEMPTS_MAX:
        reason = f"the gateway began this {ATTEMPTS_MAX} times and could not end it: order it again"
        await work.end(JobOutcome(reason=reason))
    else:
        await _do(work)
    rt.jobs.enqueue(STEP)
    return True


async def _do(work: FileWork) -> None:
    job = work.job
    try:
        async with _kept(work):
            ended = await _WORK[job.kind](work)
            if ended is not None:
                await work.end(ended)
    except Lost:
        log.warning("another runner has taken a file job", job=job.id)
    except (Refused, Failed) as bad:
        if _may_be_tried_again(bad) and job.attempts < ATTEMPTS_MAX:
            log.warning("a file job will be tried again", job=job.id, why=str(bad))
            await work.let_go(work.rt.clock.now() + job.attempts * _AGAIN)
        else:
            await work.end(_failed(bad))


def _may_be_tried_again(bad: Refused | Failed) -> bool:
    return bad.retryable if isinstance(bad, Failed) else isinstance(bad, TurnTaken)


def _failed(bad: Refused | Failed) -> JobOutcome:
    faults = bad.faults if isinstance(bad, Refused) else ()
    wrong = bad.wrong if isinstance(bad, Refused) else 0
    return JobOutcome(reason=str(bad), problems=faults, problems_total=max(wrong, len(faults)))


@asynccontextmanager
async def _kept(work: FileWork) -> AsyncGenerator[None]:
    """Renew the lease of a job while a block works on it, and end the block when it is lost."""
    task = asyncio.current_task()
    assert task is not None
    lost = False

    async def renewing() -> None:
        nonlocal lost
        while True:
            with suppress(*AWAY):
                if not await work.renew(work.rt.clock.now() + LEASE) and not work.is_ended:
                    lost = True
                    task.cancel()
                    return
            await asyncio.sleep(_RENEW_S)

    renewer = asyncio.create_task(renewing())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            task.uncancel()
            raise Lost from None
        raise
    finally:
        renewer.cancel()
        with suppress(asyncio.CancelledError):
            await renewer


async def _remove_expired(rt: Runtime) -> None:
    """Remove the files whose time is over, and those that no job knows."""
    folder, now = FileFolder(rt.settings), rt.clock.now()
    for job, name in await file_jobs.expired(rt.db, now, _EXPIRED_AT_ONCE):
        await asyncio.to_thread(folder.remove, name)
        await file_jobs.forget_file(rt.db, job)
    await file_jobs.forget(rt.db, now - _KEPT_ROWS)
    there = await asyncio.to_thread(lambda: list(folder.abandoned()))
    known = await file_jobs.known_files(rt.db, [job for job, _ in there])
    for job, name in there:
        if job not in known:
            await asyncio.to_thread(folder.remove, name)
