"""Jobs over RQ.

A job is unique, and its only content is a step's name and ids. So a lost job loses no data: the
scheduler enqueues it again.
"""

# redis-py and RQ are only partly typed.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import JobStatus

from gateway.base.errors import SettingsError
from gateway.base.redaction import redacted, remember_address
from gateway.queue.jobs import PermittedJob, PermittedQueue, job_timeout_s, refused_jobs

log = structlog.get_logger()

QUEUE, HEAVY_QUEUE, CALLS_QUEUE = "gateway", "gateway-heavy", "gateway-calls"
FILES_QUEUE = "gateway-files"
HEAVY = frozenset(
    {
        "advance_projects",
        "close",
        "count",
        "deadlines",
        "end_pilots",
        "relearn",
        "score",
        "settle_pay",
        "watch",
        "weigh",
    }
)
"""Steps that look at a whole batch. They wait on a queue of their own, so that no message waits
behind them.
"""
CALLS = frozenset({"call_webhooks"})
"""Steps that wait for clients' servers. They have a queue of their own too, since such a server may
take its time.
"""
FILES = frozenset({"file_jobs"})
"""Steps that read and write the files of clients, which takes minutes for a large one."""
# Equal jobs within this time are one job, so a burst of replies causes one send run.
_GATHER_S, _GATHER_MAX_S = 0.02, 0.5
# A job without a place on a queue after this time has lost it. The time is much longer than RQ
# needs, also where the clocks of hosts differ.
_HANGS_WITHIN = timedelta(seconds=5)
# As many runners may have died within the longest step before its jobs are held up.
_NAMES_MAX = 40


def redis_at(url: str) -> Redis:
    """Return a client for this address that is not connected yet.

    Raises SettingsError, in one line, when it is not a Redis address.
    """
    remember_address(url)
    try:
        return Redis.from_url(url)
    except ValueError as bad:
        raise SettingsError(
            f"GATEWAY_REDIS_URL is not a Redis address ({redacted(str(bad))})"
        ) from None


def queue(redis: Redis, name: str = QUEUE) -> PermittedQueue:
    """Return the job queue of that name."""
    return PermittedQueue(
        name,
        connection=redis,
        serializer="json",
        job_class=PermittedJob,
        default_timeout=job_timeout_s(name),
    )


def queue_of(step: str) -> str:
    """Return the name of the queue on which a step waits."""
    if step in CALLS:
        return CALLS_QUEUE
    if step in FILES:
        return FILES_QUEUE
    return HEAVY_QUEUE if step in HEAVY else QUEUE


def enqueue(on: PermittedQueue, function: str, step: str, *arguments: str) -> None:
    """Put one job on the queue, unless the same job waits there already.

    A job keeps its name while a runner executes it, also when that runner was just killed. RQ takes
    such a runner to be alive for a minute and a half, and for six hours when it had a heavy step or
    the file of a client. So the job is then enqueued under a second name, or a third, and so on.
    Executing one job twice at once does no harm.
    """
    for name in _names("-".join((step, *arguments))):
        if _hang(on, name, function, step, *arguments):
            return
        status = _status(on, name)
        # A runner executed it in between, perhaps without seeing the reason for this job.
        if status is None:
            _hang(on, name, function, step, *arguments)
            return
        if status is not JobStatus.STARTED and _hangs(on, name):
            return
    log.error("a job is held up: too many runners died while they executed it", job=step)


def _names(name: str) -> Iterator[str]:
    """Yield the names of a job: its own, and those for the times when a runner has the others."""
    yield name
    yield f"{name}-again"
    for number in range(2, _NAMES_MAX):
        yield f"{name}-again-{number}"


def _hang(on: PermittedQueue, name: str, function: str, step: str, *arguments: str) -> bool:
    """Put a job on the queue and return True, or False when a job of this name exists already."""
    try:
        # A finished or failed job must not block its name. RQ would keep it for minutes (or a
        # year).
        on.enqueue(
            function, step, *arguments, job_id=name, unique=True, result_ttl=0, failure_ttl=1
        )
    except DuplicateJobError:
        return False
    return True


def _hangs(on: PermittedQueue, name: str) -> bool:
    """Return whether a job waits on its queue, and put a job without a place back on the queue.

    Return False when a runner has taken the job, since a runner that was just killed would keep it
    for a minute. A Redis that fails over may keep a job and lose its place on the queue. Such a job
    would never be executed, nor enqueued again.
    """
    taken = IntermediateQueue.get_intermediate_queue_key(on.key)
    with on.connection.pipeline() as read:
        read.lpos(on.key, name)
        read.lpos(taken, name)
        read.hmget(f"rq:job:{name}", "status", "enqueued_at")
        place, place_taken, (status, rung_at) = read.execute()
    if place is not None:
        return True
    if place_taken is not None or status in (None, b"started"):
        return False
    if _is_young(rung_at):  # RQ stores a job before it puts the job's name on the queue.
        return True
    log.warning("a job had lost its place on the queue and is enqueued again", job=name)
    on.push_job_id(name)
    return True


def _is_young(rung_at: bytes | None) -> bool:
    """Return whether a job was enqueued within the last seconds. RQ stores the time as text."""
    try:
        rung = datetime.fromisoformat((rung_at or b"").decode())
    except ValueError:
        return False
    return datetime.now(UTC) - rung < _HANGS_WITHIN


def _status(on: PermittedQueue, name: str) -> JobStatus | None:
    """Return the status of a job, or None when there is no such job.

    `Queue.fetch_job` would take the name of a missing job off the queue. Another process may have
    put it there at this very moment, and a job that exists without a place is never executed.
    """
    try:
        job = PermittedJob.fetch(name, connection=on.connection, serializer="json")
    except NoSuchJobError:
        return None
    return job.get_status(refresh=False)


class RqJobQueue:
    """The sender of jobs for async code, which does not wait for Redis."""

    def __init__(self, redis_url: str, function: str) -> None:
        self._redis = redis_at(redis_url)
        self._queues = {
            name: queue(self._redis, name)
            for name in (QUEUE, HEAVY_QUEUE, CALLS_QUEUE, FILES_QUEUE)
        }
        self._function = function
        self._wanted: set[tuple[str, ...]] = set()
        self._under_way = set[asyncio.Future[None]]()
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def enqueue(self, step: str, *arguments: str) -> None:
        self._wanted.add((step, *arguments))
        self._wake.set()

    async def flush(self) -> None:
        """Enqueue the collected jobs now, for a process whose loop stands still between jobs."""
        wanted, self._wanted = self._wanted, set()
        self._wake.clear()
        ringing = asyncio.ensure_future(asyncio.to_thread(self._ring_all, wanted))
        self._under_way.add(ringing)
        ringing.add_done_callback(self._under_way.discard)
        # A thread goes on when its caller is cancelled, so `close` waits for it.
        await asyncio.shield(ringing)

    async def close(self) -> None:
        """Enqueue the jobs that are still collected, and stop."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await asyncio.gather(*self._under_way)
        await self.flush()

    async def _run(self) -> None:
        took_s = 0.0
        while True:
            await self._wake.wait()
            # Enqueueing costs a process at most a tenth of its time, however many jobs there are.
            await asyncio.sleep(min(_GATHER_MAX_S, max(_GATHER_S, 9 * took_s)))
            began = time.monotonic()
            await self.flush()
            took_s = time.monotonic() - began

    def _ring_all(self, wanted: set[tuple[str, ...]]) -> None:
        for bell in sorted(wanted):
            try:
                enqueue(self._queues[queue_of(bell[0])], self._function, *bell)
            except (RedisError, ValueError) as away:
                why = redacted(str(away))
                log.warning(
                    "a job was not enqueued; the scheduler will enqueue it again",
                    job=bell,
                    why=why,
                )

    async def away(self) -> str:
        """Return the reason why Redis does not answer, or "" when it does."""
        try:
            await asyncio.to_thread(self._ping)
        except RedisError as bad:
            return redacted(str(bad)) or type(bad).__name__
        return ""

    def _ping(self) -> None:
        self._redis.ping()

    async def refused(self) -> int:
        """Return how many jobs in Redis were refused, or 0 while Redis is away."""
        try:
            return await asyncio.to_thread(refused_jobs, self._redis)
        except RedisError:
            return 0
