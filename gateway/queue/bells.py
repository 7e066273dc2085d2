"""Bells over RQ.

A bell is a unique job whose only content is a step's name and an id; losing one loses nothing.
"""

# redis-py and RQ are typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import JobStatus

from gateway.errors import SettingsError
from gateway.queue.jobs import BellJob, BellQueue, job_timeout_s, refused_jobs
from gateway.redaction import redacted, remember_address

log = structlog.get_logger()

QUEUE, HEAVY_QUEUE = "gateway", "gateway-heavy"
HEAVY = frozenset({"close", "count", "relearn", "score", "watch"})
"""Steps that look at a whole batch: they wait on a queue of their own, so that no message waits
behind them.
"""
# Bells rung within this time are one bell: a burst of replies is one drain.
_GATHER_S, _GATHER_MAX_S = 0.02, 0.5
# A bell that hangs nowhere after this has lost its place. Much longer than RQ needs, also where
# hosts' clocks differ.
_HANGS_WITHIN = timedelta(seconds=5)
_AGAIN = ("-again", "-again-2", "-again-3")


def redis_at(url: str) -> Redis:
    """A client, not connected yet; SettingsError in one line when the address is none."""
    remember_address(url)
    try:
        return Redis.from_url(url)
    except ValueError as bad:
        raise SettingsError(
            f"GATEWAY_REDIS_URL is not a Redis address ({redacted(str(bad))})"
        ) from None


def queue(redis: Redis, name: str = QUEUE) -> BellQueue:
    """Return the queue of bells of that name."""
    return BellQueue(
        name,
        connection=redis,
        serializer="json",
        job_class=BellJob,
        default_timeout=job_timeout_s(name),
    )


def queue_of(step: str) -> str:
    """Return the name of the queue on which a step waits."""
    return HEAVY_QUEUE if step in HEAVY else QUEUE


def enqueue(on: BellQueue, function: str, step: str, *arguments: str) -> None:
    """Put one bell on the queue, unless the same one hangs there already.

    A bell keeps its name while it is taken and answered, also by a runner that was just killed: RQ
    believes in that one for a minute and a half, and longer in one that had a heavy step. So it is
    then rung under a second name, or a third; answering one bell twice at once does no harm.
    """
    name = "-".join((step, *arguments))
    for again in ("", *_AGAIN):
        if _hang(on, f"{name}{again}", function, step, *arguments):
            return
        status = _status(on, f"{name}{again}")
        if status is None:  # it was answered in between, perhaps without what we rang for
            _hang(on, f"{name}{again}", function, step, *arguments)
            return
        if status is not JobStatus.STARTED and _hangs(on, f"{name}{again}"):
            return


def _hang(on: BellQueue, name: str, function: str, step: str, *arguments: str) -> bool:
    """False when a bell of this name is there already."""
    try:
        # A finished or failed bell must not block its name: RQ would keep it for minutes (or a
        # year).
        on.enqueue(
            function, step, *arguments, job_id=name, unique=True, result_ttl=0, failure_ttl=1
        )
    except DuplicateJobError:
        return False
    return True


def _hangs(on: BellQueue, name: str) -> bool:
    """Return whether a bell hangs on its queue; one that hangs nowhere is hung again.

    False when a runner has taken it: one that was just killed would keep it for a minute. A Redis
    that fails over may keep a bell and lose its place, and then it would never be answered, nor
    rung again.
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
    if _is_young(rung_at):  # RQ writes a bell first and hangs it then
        return True
    log.warning("a bell hung nowhere and is hung again", bell=name)
    on.push_job_id(name)
    return True


def _is_young(rung_at: bytes | None) -> bool:
    """Return whether a bell was rung within the last seconds, by the text that RQ keeps."""
    try:
        rung = datetime.fromisoformat((rung_at or b"").decode())
    except ValueError:
        return False
    return datetime.now(UTC) - rung < _HANGS_WITHIN


def _status(on: BellQueue, name: str) -> JobStatus | None:
    """None when there is no such bell.

    Not by `Queue.fetch_job`: that one takes the name of a missing job off the queue, where somebody
    else may have hung it this very moment, and a bell that is kept but hangs nowhere is never
    answered.
    """
    try:
        job = BellJob.fetch(name, connection=on.connection, serializer="json")
    except NoSuchJobError:
        return None
    return job.get_status(refresh=False)


class RqBells:
    """Rings from async code without making it wait for Redis."""

    def __init__(self, redis_url: str, function: str) -> None:
        self._redis = redis_at(redis_url)
        self._queues = {name: queue(self._redis, name) for name in (QUEUE, HEAVY_QUEUE)}
        self._function = function
        self._wanted: set[tuple[str, ...]] = set()
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def ring(self, step: str, *arguments: str) -> None:
        self._wanted.add((step, *arguments))
        self._wake.set()

    async def flush(self) -> None:
        """Ring what is wanted now: for a process whose loop stands still between jobs."""
        wanted, self._wanted = self._wanted, set()
        self._wake.clear()
        await asyncio.to_thread(self._ring_all, wanted)

    async def close(self) -> None:
        """Ring what is still wanted, and stop."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self.flush()

    async def _run(self) -> None:
        took_s = 0.0
        while True:
            await self._wake.wait()
            # Ringing costs a process no more than a tenth of its time, however much there is to
            # ring for.
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
                log.warning("bell lost, the ticker will ring again", bell=bell, why=why)

    async def away(self) -> str:
        """Return why Redis does not answer; "" when it does."""
        try:
            await asyncio.to_thread(self._ping)
        except RedisError as bad:
            return redacted(str(bad)) or type(bad).__name__
        return ""

    def _ping(self) -> None:
        self._redis.ping()

    async def refused(self) -> int:
        """Return how many jobs in Redis were refused; 0 while Redis is away."""
        try:
            return await asyncio.to_thread(refused_jobs, self._redis)
        except RedisError:
            return 0
