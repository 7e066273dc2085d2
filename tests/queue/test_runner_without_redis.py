"""A runner outlives its Redis: a new process would take seconds to start, and phones wait."""

import os
import signal
import threading
import time

import pytest
from redis import Redis
from redis.exceptions import RedisError

from gateway.queue.bells import enqueue, queue
from gateway.queue.jobs import PermittedJobs
from gateway.queue.runner import JobWorker, connect_redis, runners_at_work
from gateway.servers import EmbeddedServers

ANSWER = "gateway.cli.runner.answer_bell"


@pytest.fixture
def servers(tmp_path):
    """A Redis for this test alone. Its keeper starts it again when it was killed."""
    with EmbeddedServers(tmp_path, postgres=False) as servers:
        yield servers


def kill_redis(url):
    with Redis.from_url(url) as redis:
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)


def enqueue_when_back(url, step, lost):
    """Enqueue a job as the scheduler does, as soon as Redis answers again."""
    while True:
        try:
            with Redis.from_url(url) as redis:
                if lost:
                    redis.flushall()
                enqueue(queue(redis), ANSWER, step)
                return
        except RedisError:
            time.sleep(0.05)


@pytest.mark.parametrize("lost", [False, True], ids=["keeps its data", "is empty"])
def test_a_runner_goes_on_when_redis_dies_during_a_job(servers, lost):
    url, done = servers.redis_url, []

    def execute(step):
        done.append(step)
        if step == "deliver":
            kill_redis(url)
            threading.Thread(target=enqueue_when_back, args=(url, "sweep", lost)).start()

    with connect_redis(url) as redis:
        worker = JobWorker(queue(redis), PermittedJobs(ANSWER, {"deliver": 0, "sweep": 0}, execute))
        enqueue(queue(redis), ANSWER, "deliver")
        worker.work(max_jobs=2, logging_level="CRITICAL")
    assert done == ["deliver", "sweep"]


def test_a_runner_reports_itself_again_in_an_empty_redis(servers):
    with connect_redis(servers.redis_url) as redis:
        worker = JobWorker(queue(redis), PermittedJobs(ANSWER, {}, print))
        worker.register_birth()
        assert runners_at_work(redis) == 1
        redis.flushall()
        worker.heartbeat()
        worker.run_maintenance_tasks()
        assert runners_at_work(redis) == 1
