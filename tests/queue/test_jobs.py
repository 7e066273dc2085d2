"""An attacker who writes to Redis cannot make a runner execute anything but the gateway's steps."""

import json
import os
import pickle
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from rq import Callback, Queue, SimpleWorker
from rq.command import send_command
from rq.group import Group
from rq.job import JobStatus
from rq.suspension import suspend

from gateway.app import STEPS
from gateway.cli.run import runner as command
from gateway.queue.bells import QUEUE, enqueue, queue
from gateway.queue.jobs import PermittedJobs, RefusedJob, _words, refused_jobs
from gateway.queue.runner import JobWorker, connect_redis

OURS = command.ANSWER
JOB = "rq:job:evil"


@pytest.fixture
def redis(embedded):
    with Redis.from_url(embedded.redis_url) as redis:
        redis.flushall()
        yield redis


@pytest.fixture
def mark(tmp_path, monkeypatch):
    """A file that an attacker's function would make."""
    monkeypatch.setenv("ATTACK_MARK", str(tmp_path / "executed"))
    return tmp_path / "executed"


@pytest.fixture
def done():
    return []


@pytest.fixture
def works(redis, done):
    """Run the runner's worker until the queue is empty."""

    def run() -> None:
        permitted = PermittedJobs(OURS, command.permitted(print).steps, lambda *w: done.append(w))
        worker = JobWorker(queue(redis), permitted)
        assert worker.work(burst=True, logging_level="CRITICAL") in (True, False)

    return run


@pytest.fixture
def still_works(redis, done, works, mark):
    """Check that nothing was executed and that the same worker runs a job of the gateway.

    Every attack ends with this check.
    """

    def check(*, refused: int = 1) -> None:
        enqueue(queue(redis), OURS, "deliver", "at")
        works()
        assert not mark.exists()
        assert done == [("deliver", "at")]
        assert refused_jobs(redis) == refused
        assert redis.ttl(JOB) in (-2, 0, 1), "it is gone, or goes within a second"
        assert not redis.exists("rq:queue:gateway", "rq:queue:gateway:intermediate")

    return check


def stored(redis, data, **fields):
    """Write a job as an attacker does, past RQ."""
    base = {
        "data": data,
        "origin": QUEUE,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "status": "queued",
    }
    redis.hset(JOB, mapping={**base, **fields})
    redis.rpush("rq:queue:gateway", "evil")


def words(*told, function=OURS, instance=None, kwargs=None):
    return json.dumps([function, instance, list(told), kwargs or {}])


def test_every_step_of_ours_is_permitted_with_its_arguments():
    permitted = command.permitted(print)
    assert set(permitted.steps) == set(STEPS)
    assert permitted.steps["deliver"] == permitted.steps["relearn"] == 1
    assert permitted.steps["catch_up"] == permitted.steps["disburse"] == 0


def test_a_function_by_its_name_is_not_called(redis, still_works, mark):
    """The attack as it was made: `os.system` over RQ's own client, in JSON."""
    Queue(QUEUE, connection=redis, serializer="json").enqueue(
        "os.system", f"touch {mark}", job_id="evil"
    )
    still_works()


def test_a_pickled_job_is_not_unpickled(redis, still_works, mark):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)

    stored(redis, zlib.compress(pickle.dumps((Evil(), None, (), {}))))
    still_works()


@pytest.mark.parametrize("field", ["meta", "result", "exc_info", "return_value"])
def test_nothing_else_of_a_job_is_unpickled(redis, works, done, mark, field):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)

    stored(redis, words("deliver", "at"), **{field: pickle.dumps(Evil())})
    works()
    assert done == [("deliver", "at")], "its words are ours; the rest is ignored"
    assert not mark.exists()


@pytest.mark.parametrize("when", ["on_success", "on_failure", "on_stopped"])
def test_callbacks_are_not_called(redis, works, done, mark, when):
    callback = Callback("tests.queue.test_jobs.executed_by_attacker")
    Queue(QUEUE, connection=redis, serializer="json").enqueue(
        OURS, "deliver", "at", job_id="evil", **{when: callback}
    )
    works()
    assert done == [("deliver", "at")]
    assert not mark.exists()


def test_a_callback_of_an_abandoned_job_is_not_called_in_the_registry(redis, still_works, mark):
    """RQ's maintenance calls the failure callback of a job whose runner died."""
    redis.hset(
        JOB,
        mapping={
            "data": words("deliver", "x"),
            "origin": QUEUE,
            "status": JobStatus.STARTED.value,
            "failure_callback_name": "tests.queue.test_jobs.executed_by_attacker",
        },
    )
    redis.zadd("rq:wip:gateway", {"evil:1": 1})
    still_works(refused=0)


def executed_by_attacker(*_given: object) -> None:
    Path(os.environ["ATTACK_MARK"]).touch()


def test_a_function_of_this_very_package_is_not_called_either(redis, still_works):
    stored(redis, words(function="tests.queue.test_jobs.executed_by_attacker"))
    still_works()


def test_jobs_that_wait_for_ours_are_not_enqueued(redis, works, done, mark):
    enqueue(queue(redis), OURS, "deliver", "at")
    redis.hset(
        JOB,
        mapping={
            "data": words(f"touch {mark}", function="os.system"),
            "origin": QUEUE,
            "status": "deferred",
        },
    )
    redis.sadd("rq:job:deliver-at:dependents", "evil")
    works()
    assert done == [("deliver", "at")]
    assert not mark.exists()


def test_commands_over_redis_are_not_listened_to(redis):
    permitted = PermittedJobs(OURS, {}, lambda *_: None)
    worker = JobWorker(queue(redis), permitted)
    worker.register_birth()
    worker.subscribe()
    assert worker.pubsub is None
    send_command(redis, worker.name, "shutdown")
    assert redis.pubsub_numsub(worker.pubsub_channel_name)[0][1] == 0
    worker.register_death()


def test_suspension_stops_no_runner(redis, works, done):
    suspend(redis)
    enqueue(queue(redis), OURS, "deliver", "at")
    works()
    assert done == [("deliver", "at")]


def test_retries_repeats_webhooks_and_groups_of_a_job_are_ignored(redis, works, done):
    stored(
        redis,
        words("deliver", "at"),
        retries_left="9",
        retry_intervals="[0]",
        repeats_left="9",
        repeat_intervals="[0]",
        webhooks=json.dumps([{"url": "http://127.0.0.1:9/", "statuses": ["finished"]}]),
        group_id="g",
        rate_limit_key="k",
        rate_limit_concurrency="1",
        timeout="999999",
        result_ttl="-1",
    )
    works()
    works()
    assert done == [("deliver", "at")]


def test_a_group_is_not_read(redis, still_works):
    redis.sadd("rq:groups", "g")
    redis.sadd(Group.get_key("g"), "evil")
    still_works(refused=0)


@pytest.mark.parametrize(
    "data",
    [
        words("no_such_step"),
        words("deliver"),
        words("deliver", "at", "more"),
        words("catch_up", "x"),
        words("deliver", 7),
        words("deliver", None),
        words("deliver", ["at"]),
        words("deliver", ""),
        words("deliver", "a\0b"),
        words("deliver", "x" * 10_000),
        words("deliver", kwargs={"channel": "at"}),
        words("deliver", "at", instance={"x": 1}),
        words("deliver", "at", function="gateway.app.open_runtime"),
        words("__class__"),
        words(),
        "[]",
        "{}",
        "null",
        "[" * 3000,
        b"\xff\xfe",
        zlib.compress(b" " * 50_000_000),
        "",
    ],
)
def test_a_foreign_job_is_refused_and_the_next_is_done(redis, still_works, data):
    stored(redis, data)
    still_works()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "no such status"},
        {"created_at": "yesterday", "enqueued_at": "\0", "started_at": "x"},
        {"timeout": "many", "result_ttl": "x", "ttl": "x", "failure_ttl": "-"},
        {"retries_left": "x", "dependency_ids": "{", "retry_intervals": "["},
        {"worker_name": b"\xff", "origin": b"\xff", "description": b"\xff"},
        {b"\xff\xff": b"\xff"},
    ],
)
def test_broken_fields_beside_our_words_change_nothing(redis, works, done, fields):
    base = {"data": words("deliver", "at"), "origin": QUEUE}
    redis.hset(JOB, mapping={**base, **fields})
    redis.rpush("rq:queue:gateway", "evil")
    works()
    assert done == [("deliver", "at")]


def a_job_that_is_a_text(redis):
    redis.set(JOB, "x")
    redis.rpush("rq:queue:gateway", "evil")


def a_name_that_is_no_text(redis):
    redis.rpush("rq:queue:gateway", b"\xff\xfe")


def a_name_that_is_no_name(redis):
    redis.rpush("rq:queue:gateway", "a:b c/../d\r\n")
    redis.hset("rq:job:a:b c/../d\r\n", mapping={"data": words("deliver", "at")})


def a_queue_that_is_a_text(redis):
    redis.set("rq:queue:gateway", "x")


def an_intermediate_that_is_a_hash(redis):
    redis.hset("rq:queue:gateway:intermediate", mapping={"a": "b"})
    enqueue(queue(redis), OURS, "sweep")


@pytest.mark.parametrize(
    "attack",
    [a_job_that_is_a_text, a_name_that_is_no_text, a_name_that_is_no_name, a_queue_that_is_a_text],
)
def test_keys_of_another_kind_do_not_stop_the_runner(redis, still_works, attack):
    attack(redis)
    if attack is a_queue_that_is_a_text:
        permitted = PermittedJobs(OURS, {}, lambda *_: None)
        JobWorker(queue(redis), permitted).work(burst=True, logging_level="CRITICAL")
    still_works()


@pytest.mark.parametrize(
    "key",
    [
        "rq:wip:gateway",
        "rq:failed:gateway",
        "rq:finished:gateway",
        "rq:scheduled:gateway",
        "rq:deferred:gateway",
    ],
)
def test_a_registry_of_another_kind_does_not_stop_the_runner(redis, works, done, key):
    redis.set(key, "x")
    works()
    assert done == []


def test_rqs_own_worker_would_have_executed_it(redis, mark):
    """The attack is real: without our worker it works."""
    Queue(QUEUE, connection=redis, serializer="json").enqueue("os.system", f"touch {mark}")
    on = Queue(QUEUE, connection=redis, serializer="json")
    SimpleWorker([on], connection=redis, serializer="json").work(
        burst=True, logging_level="CRITICAL"
    )
    assert mark.exists()


@settings(max_examples=300)
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda s: st.lists(s, max_size=5) | st.dictionaries(st.text(max_size=5), s, max_size=3),
    ).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_words_or_refused(data):
    try:
        told = _words(data)
    except RefusedJob:
        return
    assert len(told) >= 2
    assert all(isinstance(word, str) for word in told)


def test_a_runner_without_work_waits_without_an_error(embedded):
    """The connection that the runner was tried out with has a limit of its own.

    RQ's wait must not run into it.
    """
    connection = connect_redis(embedded.redis_url)
    worker = JobWorker(queue(connection), PermittedJobs(OURS, {}, print))
    used = connection.connection_pool.get_connection()
    try:
        assert used.socket_timeout > worker.dequeue_timeout
    finally:
        connection.connection_pool.release(used)
        connection.close()
