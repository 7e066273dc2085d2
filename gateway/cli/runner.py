"""`gateway runner`: answers bells. One event loop, one pool and one runtime for the life of the process."""

import asyncio
import signal
from contextlib import AsyncExitStack

from gateway.app import STEPS, open_runtime
from gateway.errors import SettingsError
from gateway.queue import runner as worker
from gateway.queue.bells import RqBells
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.steps.pulse import begin

ANSWER = "gateway.cli.runner.answer_bell"
"""What RQ calls for every bell."""
_CONNECTIONS = 3


class Runner:
    """The runtime of this process, opened with its first bell and kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runtime: Runtime | None = None
        self._bells: RqBells | None = None

    def answer(self, step: str, *arguments: str) -> None:
        if step not in STEPS:
            raise SettingsError(
                f"a bell rang for {step!r}, which is no step: is Redis shared with something else?"
            )
        self._loop.run(self._answer(step, *arguments))

    def close(self) -> None:
        self._loop.run(self._stack.aclose())
        self._loop.close()

    async def _answer(self, step: str, *arguments: str) -> None:
        if self._runtime is None or self._bells is None:
            assert self._settings.redis_url
            self._bells = RqBells(self._settings.redis_url.get_secret_value(), ANSWER)
            self._stack.push_async_callback(self._bells.close)
            self._runtime = await self._stack.enter_async_context(
                open_runtime(self._settings, self._bells, connections=_CONNECTIONS)
            )
            await begin(self._runtime)
        await STEPS[step](self._runtime, *arguments)
        await self._bells.flush()


_runner: Runner | None = None


def answer_bell(step: str, *arguments: str) -> None:
    """RQ's entry."""
    assert _runner is not None, "bells are answered by `gateway runner` only"
    _runner.answer(step, *arguments)


def serve(settings: Settings) -> None:
    """Answer bells until SIGTERM or SIGINT."""
    global _runner  # noqa: PLW0603  # RQ calls a plain function: the process's runner stands beside it
    _runner = Runner(settings)
    assert settings.redis_url
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    worker.run(settings.redis_url.get_secret_value(), _runner.close)
