"""The runner: an RQ worker that answers bells. Made for bells: short jobs, one queue, quick recovery."""

# redis-py and RQ are typed in parts only.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker

from gateway.errors import SettingsError
from gateway.queue.bells import queue

# RQ's defaults notice a dead runner after up to 13 minutes; these after about a minute and a half. (Rows recover by
# their own leases meanwhile; this only frees the bell's name.)
WORKER_TTL_S = 30
MAINTENANCE_S = 15


def connect(redis_url: str) -> Redis:
    """A checked connection; raises SettingsError in one line when nobody answers there."""
    try:
        redis = Redis.from_url(redis_url)
        redis.ping()
    except (RedisError, ValueError) as bad:
        raise SettingsError(
            f"Redis does not answer ({bad}): check GATEWAY_REDIS_URL and that the server runs"
        ) from bad
    return redis


def run(redis_url: str, on_stop: Callable[[], None]) -> None:
    """Answer bells until SIGTERM; the job at hand is finished first. `on_stop` runs last."""
    redis = connect(redis_url)
    worker = SimpleWorker(
        [queue(redis)],
        connection=redis,
        serializer="json",
        worker_ttl=WORKER_TTL_S,
        maintenance_interval=MAINTENANCE_S,
    )
    try:
        worker.work(logging_level="WARNING")
    finally:
        on_stop()
