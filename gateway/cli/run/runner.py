"""The command `gateway runner`, which executes queued jobs.

A process has one event loop, one connection pool and one runtime for its whole life.
"""

import asyncio
import inspect
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from gateway.app import STEPS, open_runtime
from gateway.base import logs
from gateway.cli.run.open_files import raise_file_limit
from gateway.queue import runner as worker
from gateway.queue.bells import CALLS_QUEUE, FILES_QUEUE, HEAVY_QUEUE, QUEUE, RqJobQueue
from gateway.queue.jobs import PermittedJobs
from gateway.settings import Settings
from gateway.steps.payouts.provider_health import start_sending
from gateway.steps.precedence import may_run
from gateway.steps.runtime import Runtime

ANSWER = "gateway.cli.runner.answer_bell"
"""The function name in every job of the gateway. A job with another name is refused.

It is data, not a path: jobs that wait in Redis keep it when the code moves.
"""
_CONNECTIONS = 3


class Runner:
    """The runtime of this process, opened with its first job and kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runtime: Runtime | None = None
        self._bells: RqJobQueue | None = None

    def answer(self, step: str, *arguments: str) -> None:
        """Execute a step, which RQ's worker has checked."""
        with logs.bound(job="-".join((step, *arguments))):
            self._loop.run(self._answer(step, *arguments))

    def close(self) -> None:
        self._loop.run(self._stack.aclose())
        self._loop.close()

    async def _answer(self, step: str, *arguments: str) -> None:
        if self._runtime is None or self._bells is None:
            assert self._settings.redis_url
            self._bells = RqJobQueue(self._settings.redis_url.get_secret_value(), ANSWER)
            self._stack.push_async_callback(self._bells.close)
            self._runtime = await self._stack.enter_async_context(
                open_runtime(self._settings, self._bells, connections=_CONNECTIONS)
            )
            await start_sending(self._runtime)
        if await may_run(self._runtime, step):
            await STEPS[step](self._runtime, *arguments)
        await self._bells.flush()


def permitted(execute: Callable[..., None]) -> PermittedJobs:
    """Return the jobs that a runner may execute.

    They are the gateway's steps, with the number of their arguments.
    """
    numbers = {
        name: len(inspect.signature(step).parameters) - 1  # the runtime does not count
        for name, step in STEPS.items()
    }
    return PermittedJobs(ANSWER, numbers, execute)


def queues(*, heavy: bool, light: bool, calls: bool, files: bool) -> tuple[str, ...]:
    """Return the queues that the command line names, or all, messages first, if it names none."""
    named = {QUEUE: light, CALLS_QUEUE: calls, HEAVY_QUEUE: heavy, FILES_QUEUE: files}
    return tuple(name for name, is_named in named.items() if is_named) or tuple(named)


def serve(settings: Settings, names: Sequence[str]) -> None:
    """Execute the jobs of these queues until SIGTERM or SIGINT."""
    raise_file_limit()
    runner = Runner(settings)
    assert settings.redis_url
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    url = settings.redis_url.get_secret_value()
    worker.run_jobs(url, permitted(runner.answer), runner.close, names)
