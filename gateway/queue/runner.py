"""The runner: an RQ worker that executes the gateway's jobs.

It is made for short jobs, few queues and quick recovery. A process that writes to Redis cannot make
it execute anything but a step of the gateway (see `jobs`). The runner ignores commands over Redis
(stop, kill, suspend). It counts, logs and removes every entry that is not the gateway's.
"""

# redis-py and RQ are only partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError, RedisError, TimeoutError  # noqa: A004  # Redis's own
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.utils import now
from rq.worker_registration import REDIS_WORKER_KEYS, register

from gateway.base.errors import SettingsError
from gateway.base.redaction import redacted
from gateway.queue.bells import queue, redis_at
from gateway.queue.jobs import (
    PermittedJob,
    PermittedJobs,
    PermittedQueue,
    RefusedJob,
    job_timeout_s,
    refuse_job,
)

log = structlog.get_logger()

# RQ's defaults notice a dead runner after up to 13 minutes, these after about a minute and a half.
# Rows recover by their own leases meanwhile, so this only frees the name of the job.
WORKER_TTL_S = 30
MAINTENANCE_S = 15
AWAY = (ConnectionError, TimeoutError)
"""The errors of a Redis that is not there at the moment."""


class JobWorker(SimpleWorker):
    """An RQ worker that executes permitted jobs, and nothing else whatever Redis holds."""

    # RQ waits up to a minute longer each time that Redis is away. Messages and payouts would wait
    # with it.
    max_connection_wait_time = 2.0

    def __init__(self, on: PermittedQueue, permitted: PermittedJobs, *then: PermittedQueue) -> None:
        """Prepare the runner. It serves the queues in `then` whenever `on` is empty."""
        super().__init__(
            [on, *then],
            connection=on.connection,
            serializer="json",
            job_class=PermittedJob,
            queue_class=PermittedQueue,
            worker_ttl=WORKER_TTL_S,
            maintenance_interval=MAINTENANCE_S,
        )
        # RQ waits for jobs longer than a connection of redis-py waits by default. RQ raises that
        # limit, but not for the connection that has been used already. The next wait of that
        # connection would end with an error every five seconds.
        on.connection.connection_pool.reset()
        self._permitted = permitted

    def execute_job(self, job: Job, queue: Queue) -> None:
        assert isinstance(job, PermittedJob)
        try:
            self._permitted.check(job.checked_words())
            job.timeout = job_timeout_s(queue.name)
            job.origin, job.bound = queue.name, partial(self._permitted.execute, *job.words[1:])
            super().execute_job(job, queue)
        except AWAY as away:
            # The process stays, since a new one takes seconds to start. The wait for the next job
            # is also the wait for Redis.
            why = redacted(str(away))
            log.warning("Redis went away during a job, which is enqueued again", why=why)
        except (RefusedJob, RedisError, ValueError) as bad:
            # RQ's own keys about this job may have another type than RQ expects.
            refuse_job(self.connection, queue.key, job.id, str(bad))

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Report this runner, or leave it out while Redis is away."""
        with suppress(*AWAY):
            super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Record what this runner does, or leave it out while Redis is away."""
        with suppress(*AWAY):
            super().set_state(state, pipeline)

    def run_maintenance_tasks(self) -> None:
        try:
            # A Redis that took over, or was emptied, may not know this runner.
            register(self)
            self.clean_registries()
        except AWAY as away:
            log.warning("Redis is away", why=redacted(str(away)))
        except Exception as bad:  # noqa: BLE001  # whatever stands there, the runner goes on
            log.error("a registry in Redis cannot be read", why=redacted(repr(bad)))
        self.last_cleaned_at = now()

    def clean_group_registries(self) -> None:
        """Ignore groups. The gateway's jobs have none, so a group in Redis is foreign."""

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001  # RQ's signature
        """Ignore the key in Redis that would suspend the runners.

        An operator stops the runners by stopping their processes.
        """

    def subscribe(self) -> None:
        """Accept no commands over Redis."""

    def unsubscribe(self) -> None:
        """Do nothing, since there is no subscription."""


def connect_redis(redis_url: str) -> Redis:
    """Return a connection that has been checked.

    Raises SettingsError, in one line, when no Redis answers at the address.
    """
    redis = redis_at(redis_url)
    try:
        redis.ping()
    except (RedisError, ValueError) as bad:
        raise SettingsError(
            f"Redis does not answer ({redacted(str(bad))}): check GATEWAY_REDIS_URL and that the server runs"
        ) from None
    return redis


def runners_at_work(redis: Redis) -> int:
    """Return how many runners have reported themselves lately. It reads their names only."""
    names = cast("set[bytes]", redis.smembers(REDIS_WORKER_KEYS))
    return sum(bool(redis.exists(name)) for name in names)


def run_jobs(
    redis_url: str, permitted: PermittedJobs, on_stop: Callable[[], None], names: Sequence[str]
) -> None:
    """Execute the jobs of these queues until SIGTERM, and finish the current job first.

    `on_stop` runs last.
    """
    redis = connect_redis(redis_url)
    first, *then = (queue(redis, name) for name in names)
    worker = JobWorker(first, permitted, *then)
    try:
        worker.work(logging_level="WARNING")
    finally:
        on_stop()
