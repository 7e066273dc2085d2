"""Jobs that cannot carry code: a runner refuses what it reads from Redis unless it is plain data.

RQ lets a job name any function, and also callbacks, webhooks, other jobs and retries. A process
that can write to Redis could then run code as the runner. So the runner uses only the words of a
stored job: the name of the gateway's one function, a step and its arguments. It imports no name
from Redis and unpickles nothing.
"""

# RQ is only partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportIncompatibleMethodOverride=false

import contextlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

import structlog
from redis import Redis
from redis.exceptions import ConnectionError, ResponseError, TimeoutError  # noqa: A004  # Redis's own
from rq import Queue
from rq.exceptions import DequeueTimeout, NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, JobStatus
from rq.utils import now

log = structlog.get_logger()

JOB_TIMEOUT_S: Final = 60
HEAVY_JOB_TIMEOUT_S: Final = 1800
CALLS_JOB_TIMEOUT_S: Final = 120
FILES_JOB_TIMEOUT_S: Final = 6 * 3600
_HEAVY, _CALLS, _FILES = "-heavy", "-calls", "-files"
DATA_BYTES_MAX: Final = 4096
ARGUMENT_LENGTH_MAX: Final = 200
REFUSED_KEY: Final = "gateway:refused-jobs"
_NAME: Final = re.compile(r"[\w.-]{1,400}")
_REPAIRS_MAX: Final = 100
_STATUSES: Final = {status.value: status for status in JobStatus}


class RefusedJob(Exception):
    """A refusal to execute a stored job. The message is the reason."""


@dataclass(frozen=True, slots=True)
class PermittedJobs:
    """The jobs that a runner executes: one function's name, and each step's number of arguments."""

    function: str
    steps: Mapping[str, int]
    execute: Callable[..., None]

    def check(self, words: tuple[str, ...]) -> None:
        """Raise RefusedJob unless `words` (function, step, arguments) may be executed."""
        function, step, *arguments = words
        if function != self.function:
            raise RefusedJob("it names a function that the gateway does not offer")
        if step not in self.steps:
            raise RefusedJob("it names a step that this gateway does not have")
        if len(arguments) != self.steps[step]:
            raise RefusedJob(f"step {step} takes {self.steps[step]} arguments")


def job_timeout_s(queue: str) -> int:
    """Return how many seconds a job of this queue may take.

    A job about a whole batch takes minutes, a file may take hours, and every other job seconds.
    """
    if queue.endswith(_FILES):
        return FILES_JOB_TIMEOUT_S
    if queue.endswith(_CALLS):
        return CALLS_JOB_TIMEOUT_S
    return HEAVY_JOB_TIMEOUT_S if queue.endswith(_HEAVY) else JOB_TIMEOUT_S


class PermittedJob(Job):
    """A job of which only the words are read. Everything else that Redis may hold is ignored."""

    bound: Callable[[], None] | None = None
    """The function to run, set by the runner that has checked the words."""
    unreadable: str | None = None
    """The reason why the words could not be read."""
    words: tuple[str, ...] = ()

    def restore(self, raw_data: Mapping[bytes | str, bytes]) -> None:
        fields = {_text(key): value for key, value in raw_data.items()}
        if "data" not in fields:
            raise NoSuchJobError("the job has no data")
        try:
            self.words, self.unreadable = _words(fields["data"]), None
        except RefusedJob as bad:
            self.words, self.unreadable = (), str(bad)
        # The data are rebuilt from the words, so that RQ's own reading of `data` meets nothing
        # else.
        self.data = json.dumps(
            [self.words[0] if self.words else "", None, self.words[1:], {}]
        ).encode()
        self._status = _STATUSES.get(_text(fields.get("status", b"")), JobStatus.QUEUED)
        self.origin = _text(fields.get("origin", b""))
        self.created_at = now()
        self.timeout = job_timeout_s(self.origin)
        self.result_ttl, self.failure_ttl = 0, 1

    def checked_words(self) -> tuple[str, ...]:
        """Return the function, the step and the arguments.

        Raises RefusedJob when the job holds anything else.
        """
        if self.unreadable:
            raise RefusedJob(self.unreadable)
        return self.words

    @property
    def func(self) -> NoReturn:
        """Raise RefusedJob, because a function is never looked up by its name."""
        raise RefusedJob("functions are not looked up by name")

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def _execute(self) -> None:
        if self.bound is None:
            raise RefusedJob("no runner has checked it")
        self.bound()


class PermittedQueue(Queue):
    """A queue that hands out instances of BellJob and removes every other entry."""

    def enqueue_dependents(self, *_args: object, **_more: object) -> None:
        """Ignore dependents. The gateway's jobs have none, so a list of them is foreign."""

    @classmethod
    def dequeue_any(cls, queues: Any, timeout: int | None, *args: Any, **more: Any) -> Any:
        """Return the next job, and remove foreign data that stands in the place of a queue."""
        for _ in range(_REPAIRS_MAX):
            try:
                return super().dequeue_any(queues, timeout, *args, **more)
            except (ConnectionError, TimeoutError, DequeueTimeout):
                raise
            except (ResponseError, UnicodeDecodeError) as bad:
                for queue in queues:
                    _repair(queue, type(bad).__name__)
        raise ConnectionError("the queue in Redis is destroyed again and again")

    @classmethod
    def _fetch_dequeued_job(
        cls, connection: Redis, queue_key: str, job_id: str, **more: Any
    ) -> Any:
        try:
            found = super()._fetch_dequeued_job(connection, queue_key, job_id, **more)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as bad:  # noqa: BLE001  # whatever was stored, the runner goes on
            refuse_job(connection, queue_key, job_id, f"it cannot be read ({type(bad).__name__})")
            return None
        if found is None:
            _forget_missing(connection, queue_key, job_id)
        return found


def refuse_job(connection: Redis, queue_key: str, job_id: str, why: str) -> None:
    """Remove a job that the runner refuses from Redis, count it, and log the reason `why`.

    The runner refuses a job that it cannot read or whose name or content is not the gateway's.
    """
    intermediate = IntermediateQueue.get_intermediate_queue_key(queue_key)
    wip = queue_key.replace("rq:queue:", "rq:wip:", 1)
    connection.delete(f"rq:job:{job_id}", f"rq:executions:{job_id}", f"rq:job:{job_id}:dependents")
    # The two lists are cleared one by one: a key of the wrong type must not protect the other.
    with contextlib.suppress(ResponseError):
        connection.lrem(intermediate, 0, job_id)
    with contextlib.suppress(ResponseError):
        connection.zrem(wip, job_id)
    _count(connection)
    log.error("a foreign job in Redis was removed", job=_shown(job_id), why=why)


def _forget_missing(connection: Redis, queue_key: str, job_id: str) -> None:
    """Take a name without a job off the list of jobs in work.

    A name that cannot be the gateway's is refused.
    """
    if not _NAME.fullmatch(job_id):
        refuse_job(connection, queue_key, job_id, "its name is not one that the gateway gives")
        return
    connection.lrem(IntermediateQueue.get_intermediate_queue_key(queue_key), 0, job_id)


def refused_jobs(connection: Redis) -> int:
    """Return how many jobs were refused since this Redis was last emptied."""
    with contextlib.suppress(ResponseError, ValueError):
        return int(cast("bytes | None", connection.get(REFUSED_KEY)) or 0)
    return 0


def _repair(queue: Queue, why: str) -> None:
    """Remove keys that should be a list and are not, and job names that are not text."""
    connection = queue.connection
    for key in (queue.key, IntermediateQueue.get_intermediate_queue_key(queue.key)):
        if connection.type(key) not in (b"list", b"none"):
            connection.delete(key)
            _count(connection)
            log.error("a foreign key in Redis was removed", key=key, why=why)
            continue
        for name in cast("list[bytes]", connection.lrange(key, 0, -1)):
            if name.decode(errors="replace").encode() != name:
                connection.lrem(key, 0, cast("str", name))
                _count(connection)
                log.error("a foreign job in Redis was removed", job="no text", why=why)


def _count(connection: Redis) -> None:
    try:
        connection.incr(REFUSED_KEY)
    except ResponseError:
        connection.set(REFUSED_KEY, 1)


def _shown(job_id: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in job_id[:80])


def _words(data: bytes) -> tuple[str, ...]:
    """Return the function, the step and the arguments that `data` holds.

    Raises RefusedJob when it holds anything else.
    """
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(data, DATA_BYTES_MAX)
        if unpacker.unconsumed_tail:
            raise RefusedJob("it is too long")
    except zlib.error:
        plain = data[: DATA_BYTES_MAX + 1]
    if len(plain) > DATA_BYTES_MAX:
        raise RefusedJob("it is too long")
    try:
        told = json.loads(plain)
    except (ValueError, RecursionError):
        raise RefusedJob("it is not JSON") from None
    match told:
        case [str() as function, None, [str() as step, *arguments], {}] if not told[3]:
            pass
        case _:
            raise RefusedJob("it is not a function, a step and arguments")
    words = (function, step, *cast("list[object]", arguments))
    if not all(
        isinstance(w, str) and 0 < len(w) <= ARGUMENT_LENGTH_MAX and w.isprintable() for w in words
    ):
        raise RefusedJob("an argument is neither a name nor an id")
    return cast("tuple[str, ...]", words)


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
