"""Jobs over a real Redis: one of each name, without content, and a lost one breaks nothing."""

import asyncio
import itertools
import os
import threading
import time

import pytest
from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import JobStatus

from gateway.base.errors import SettingsError
from gateway.queue.bells import QUEUE, RqJobQueue, enqueue, queue
from gateway.queue.inline import InlineJobQueue
from gateway.queue.jobs import PermittedJob, PermittedJobs
from gateway.queue.runner import JobWorker, connect_redis

ANSWER = "tests.answer"


@pytest.fixture
def redis(embedded):
    with Redis.from_url(embedded.redis_url) as redis:
        redis.flushall()
        yield redis


def hanging(redis):
    return sorted(queue(redis).get_job_ids())


def being_answered(on):
    """Return the job `deliver at` while a runner works on it: off the queue, and started."""
    enqueue(on, ANSWER, "deliver", "at")
    job = on.fetch_job("deliver-at")
    on.remove(job.id)
    job.set_status(JobStatus.STARTED)
    return job


def ends_before_it_is_looked_at(monkeypatch, job, then=lambda: None):
    """Let the next look at a job come too late: the job has ended, and `then` has happened."""

    def ends(*_args, **_more):
        monkeypatch.undo()
        job.delete()
        then()
        raise NoSuchJobError

    monkeypatch.setattr(PermittedJob, "fetch", ends)


def test_the_same_job_is_enqueued_once(redis):
    on = queue(redis)
    for _ in range(5):
        enqueue(on, ANSWER, "deliver", "at")
    enqueue(on, ANSWER, "deliver", "phone")
    enqueue(on, ANSWER, "disburse")
    assert hanging(redis) == ["deliver-at", "deliver-phone", "disburse"]


def test_a_job_carries_a_name_and_an_id_in_json_and_nothing_else(redis):
    enqueue(queue(redis), ANSWER, "deliver", "at")
    job = queue(redis).fetch_job("deliver-at")
    assert (job.func_name, job.args, job.kwargs) == (ANSWER, ["deliver", "at"], {})
    stored = b"".join(redis.hgetall("rq:job:deliver-at").values())
    assert b"\x80\x04" not in stored, "nothing is pickled"


def test_a_job_under_way_is_enqueued_again_under_a_second_name(redis):
    """It may be answered by a runner that was killed a moment ago."""
    on = queue(redis)
    being_answered(on)
    for _ in range(3):
        enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at-again"]


def test_a_job_is_enqueued_although_one_runner_after_the_other_died_with_it(redis):
    """RQ takes a runner with the file of a client to be alive for six hours."""
    on = queue(redis)
    for _ in range(12):
        enqueue(on, ANSWER, "file_jobs")
        (name,) = hanging(redis)
        on.remove(name)
        on.fetch_job(name).set_status(JobStatus.STARTED)
    for _ in range(3):
        enqueue(on, ANSWER, "file_jobs")
    assert hanging(redis) == ["file_jobs-again-12"]


def test_a_job_enqueued_while_the_last_one_of_its_name_ends_is_not_taken_off_again(
    redis, monkeypatch
):
    """One caller finds the job being worked on and the job ends.

    Another caller enqueues it anew before the first looks.
    """
    on = queue(redis)
    job = being_answered(on)

    def hung_anew():
        enqueue(on, ANSWER, "deliver", "at")

    ends_before_it_is_looked_at(monkeypatch, job, then=hung_anew)
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at"]


def test_a_job_that_ended_a_moment_ago_is_enqueued(redis, monkeypatch):
    on = queue(redis)
    job = being_answered(on)

    ends_before_it_is_looked_at(monkeypatch, job)
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at"]


def rung_long_ago(redis, name):
    redis.hset(f"rq:job:{name}", "enqueued_at", "2026-11-30T11:27:18.576022Z")


def test_a_job_that_fell_off_its_queue_is_enqueued_again(redis):
    """A Redis that failed over kept the job and lost its place in the queue.

    Without this rule no job of its name would ever run again.
    """
    on = queue(redis)
    enqueue(on, ANSWER, "deliver", "at")
    assert redis.delete(on.key) == 1
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == [], "RQ may be about to hang it"
    rung_long_ago(redis, "deliver-at")
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at"]
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at"], "once is enough"


def test_a_second_job_that_fell_off_is_enqueued_again_too(redis):
    on = queue(redis)
    being_answered(on)
    enqueue(on, ANSWER, "deliver", "at")
    assert redis.delete(on.key) == 1
    rung_long_ago(redis, "deliver-at-again")
    enqueue(on, ANSWER, "deliver", "at")
    assert hanging(redis) == ["deliver-at-again"]


def test_a_job_that_a_runner_took_and_never_began_holds_up_nothing(redis):
    """A runner took the job and was killed or cut off before it began.

    RQ gives such a job up after a minute only.
    """
    on = queue(redis)
    enqueue(on, ANSWER, "deliver", "at")
    redis.lmove(on.key, IntermediateQueue.get_intermediate_queue_key(on.key))
    for _ in range(2):
        enqueue(on, ANSWER, "deliver", "at")
        assert hanging(redis) == ["deliver-at-again"]


def fails(*_words: str) -> None:
    raise RuntimeError("a fault of ours")


def test_a_job_that_is_done_leaves_its_name_free(redis):
    on = queue(redis)
    for answered in (lambda *_: None, fails):
        enqueue(on, ANSWER, "sweep")
        worker = JobWorker(on, PermittedJobs(ANSWER, {"sweep": 0}, answered))
        worker.work(burst=True, logging_level="CRITICAL")
        assert hanging(redis) == []
        redis.delete("rq:job:sweep")  # failed jobs go after a second


async def test_rings_from_a_loop_come_together(embedded, redis):
    jobs = RqJobQueue(embedded.redis_url, ANSWER)
    for _ in range(100):
        jobs.enqueue("deliver", "at")
    jobs.enqueue("assign")
    await jobs.close()
    assert hanging(redis) == ["assign", "deliver-at"]


async def test_enqueueing_takes_a_tenth_of_a_process_at_most(embedded, redis, monkeypatch):
    """A slow Redis, or a burst of jobs, is written to rarely instead of all the time."""
    jobs, rung = RqJobQueue(embedded.redis_url, ANSWER), []
    rings = jobs._ring_all

    def slowly(wanted):
        began = time.monotonic()
        threading.Event().wait(0.02)
        rings(wanted)
        rung.append((began, time.monotonic() - began))

    monkeypatch.setattr(jobs, "_ring_all", slowly)
    for n in range(40):
        jobs.enqueue("deliver", f"c{n}")
        await asyncio.sleep(0.02)
    await jobs.close()
    for (began, took), (again, _) in itertools.pairwise(rung[:-1]):
        assert again - began >= min(0.5, 9 * took)
    assert set(hanging(redis)) == {f"deliver-c{n}" for n in range(40)}, "none is lost"


async def test_a_redis_that_is_away_stops_no_process(tmp_path):
    jobs = RqJobQueue(f"unix://{tmp_path}/nobody.sock", ANSWER)
    jobs.enqueue("deliver", "at")
    async with asyncio.timeout(300):
        await jobs.close()


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1", "unix:///nowhere/redis.sock", "http://x", "nonsense"]
)
def test_a_wrong_address_is_told_in_one_line(url):
    with pytest.raises(SettingsError, match="GATEWAY_REDIS_URL") as told:
        connect_redis(url)
    assert "\n" not in str(told.value)


def test_inline_jobs_keep_their_order_and_run_once():
    jobs = InlineJobQueue()
    for bell in (("a",), ("b", "1"), ("a",)):
        jobs.enqueue(*bell)
    assert jobs.take() == [("a",), ("b", "1")]
    assert jobs.take() == []
    assert os.getpid()
    assert QUEUE
