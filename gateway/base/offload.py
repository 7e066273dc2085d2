"""Calculations in helper processes, whose number is bounded, with a memory and a time limit each.

A client's data may cost seconds of a processor and a lot of memory to read. Such work never runs in
the event loop: a process passes it to a helper and waits. A helper reads pickled jobs from its
standard input and writes pickled outcomes to its standard output. Pickle is safe here, because both
ends belong to the gateway. A helper ends when its input ends, so none outlives its parent.
"""

import asyncio
import contextlib
import pickle
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.base.errors import Failed, GatewayError, Refused

_LENGTH = struct.Struct("!Q")
WAITING_MAX = 50
"""The most jobs that wait for a helper. Further ones are refused at once."""


class HelpersBusy(Failed):
    """The refusal of a job when every helper is at work and too many jobs wait."""


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of one job. `last` says that the helper ends now, to give its memory back."""

    value: object = None
    error: GatewayError | None = None
    last: bool = False


@dataclass(slots=True)
class _Helper:
    process: asyncio.subprocess.Process

    async def run(self, job: bytes) -> Done:
        reader, writer = self.process.stdout, self.process.stdin
        assert reader is not None and writer is not None
        writer.write(_LENGTH.pack(len(job)) + job)
        await writer.drain()
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        done: Done = pickle.loads(await reader.readexactly(length))  # noqa: S301  # from our own helper
        return done

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Helpers:
    """A pool of at most `at_once` helpers, which start on first use.

    `argv` is the command of one.
    """

    def __init__(self, argv: Sequence[str], *, at_once: int, limit_s: float) -> None:
        self._argv, self._limit_s = argv, limit_s
        self._free: list[_Helper] = []
        self._gate = asyncio.Semaphore(at_once)
        self._waiting = 0

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, argv: Sequence[str], *, at_once: int, limit_s: float
    ) -> AsyncGenerator["Helpers"]:
        """Yield a pool of helpers, and end them after the block."""
        made = cls(argv, at_once=at_once, limit_s=limit_s)
        try:
            yield made
        finally:
            for helper in made._free:
                await helper.end()

    async def run(self, name: str, *arguments: object, limit_s: float | None = None) -> object:
        """Run the named job in a helper, and return its result or raise its refusal.

        `limit_s` takes the place of the pool's limit, for work for which no request waits.

        Raises Busy when too many jobs wait, Refused when the job takes too long, and Failed when
        the helper dies.
        """
        if self._waiting >= WAITING_MAX:
            raise HelpersBusy(
                "too many calculations are waiting already: try again", retryable=True
            )
        self._waiting += 1
        try:
            await self._gate.acquire()
        finally:
            self._waiting -= 1
        try:
            done = await self._run(pickle.dumps((name, arguments)), limit_s or self._limit_s)
        finally:
            self._gate.release()
        if done.error is not None:
            raise done.error
        return done.value

    async def _run(self, job: bytes, limit_s: float) -> Done:
        helper = self._free.pop() if self._free else await self._start()
        kept = False
        try:
            async with asyncio.timeout(limit_s):
                done = await helper.run(job)
            kept = not done.last
        except TimeoutError as late:
            raise Refused(
                f"this takes longer than {limit_s:.0f} s to calculate; send it in smaller parts"
            ) from late
        except (OSError, asyncio.IncompleteReadError) as died:
            raise Failed("the calculation was cut off; try again", retryable=True) from died
        finally:
            if kept:
                self._free.append(helper)
            else:
                await asyncio.shield(helper.end())
        return done

    async def _start(self) -> _Helper:
        return _Helper(
            await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        )
