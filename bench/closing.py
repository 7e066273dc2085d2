"""The delay that workers notice while a large batch is learned from and closed.

The batch has 100,000 tasks with five answers each, written straight into the tables. Then phones
answer questions of another batch by USSD, a few at a time. They do so first alone, and then while a
process of its own learns from the large batch and closes it, as the heavy runner does (nice 10).
`ours` is the 99th percentile of their steps meanwhile, and `floor` that of the steps before.
`lock_ms` is the age of the oldest transaction of the closing process that had written something, so
no lock is older than that.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable

import aiohttp
import asyncpg

from bench import answer_step, heavy_work
from bench._here import gateway, serving
from bench.growth import p99
from gateway.settings import Settings
from gateway.store.db import plain_dsn

BAR_MS = 2000
_AT_ONCE, _PAUSE_S, _ALONE_S = 4, 0.05, 5.0


def work(settings: Settings, batch: str) -> None:
    """Learn from the batch and close it."""
    os.nice(10)
    asyncio.run(_work(settings, batch))


async def _work(settings: Settings, batch: str) -> None:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.batches.close import close_batch
    from gateway.steps.quality.reestimate import relearn

    async with open_runtime(settings, InlineJobQueue(), connections=3) as rt:
        await relearn(rt, batch)
        await close_batch(rt, await rt.batches.fresh(batch))


async def _filled(settings: Settings, tasks: int) -> str:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.people import register

    async with open_runtime(settings, InlineJobQueue()) as rt:
        client, _ = await register.add_client(rt, "Large", "KES")
        await register.top_up(rt, client, "large", 10**12)
        return await heavy_work.prepare(rt, client, tasks)


async def _steps(act: Callable[[int], Awaitable[None]], goes_on: Callable[[], bool]) -> list[float]:
    """Let the phones press keys until the run ends, and return the milliseconds of each step."""
    took: list[float] = []

    async def lane(first: int) -> None:
        turn = 0
        while goes_on():
            began = time.perf_counter()
            await act(first + _AT_ONCE * (turn % (answer_step.PHONES // _AT_ONCE)))
            took.append((time.perf_counter() - began) * 1000)
            turn += 1
            await asyncio.sleep(_PAUSE_S)

    await asyncio.gather(*(lane(first) for first in range(_AT_ONCE)))
    return took


class _Locks:
    """The search for the oldest transaction that has written, and the longest wait for a lock."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url
        self._dsn = plain_dsn(settings.database_url.get_secret_value())
        self.oldest_ms = 0.0
        self.seen: set[str] = set()

    async def watch(self) -> None:
        books = await asyncpg.connect(self._dsn)
        while True:
            age_s = await books.fetchval(
                """select extract(epoch from max(clock_timestamp() - xact_start))::float8 from pg_stat_activity
                   where application_name = 'gateway' and backend_xid is not null and datname = current_database()"""
            )
            told = await books.fetchval("select background->>'doing' from batch where background is not null limit 1")  # fmt: skip
            self.seen |= {told} if told else set()
            self.oldest_ms = max(self.oldest_ms, (age_s or 0.0) * 1000)
            await asyncio.sleep(0.02)


async def measure(settings: Settings, port: int, batch: str) -> dict[str, object]:
    """Let phones answer alone, and then while the large batch is closed."""
    locks = _Locks(settings)
    async with aiohttp.ClientSession() as http:
        phones = answer_step.Phones(http, f"http://127.0.0.1:{port}")
        await phones.enrol()
        await phones.dial()
        until = time.monotonic() + _ALONE_S
        alone = await _steps(phones.answer, lambda: time.monotonic() < until)
        watching = asyncio.create_task(locks.watch())
        closing = multiprocessing.get_context("spawn").Process(target=work, args=(settings, batch))
        began = time.monotonic()
        closing.start()
        meanwhile = await _steps(phones.answer, closing.is_alive)
        took = time.monotonic() - began
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert closing.exitcode == 0, "the closing failed"
    worst = max(meanwhile)
    return {
        "name": "ussd_while_closing",
        "ours": round(p99(meanwhile)),
        "floor": round(p99(alone)),
        "ratio": round(p99(meanwhile) / p99(alone), 2),
        "unit": "ms, 99th percentile of a USSD step",
        "p50_ms": round(sorted(meanwhile)[len(meanwhile) // 2]),
        "p99_ms": round(p99(meanwhile)),
        "lock_ms": round(locks.oldest_ms),
        "shown": sorted(locks.seen),
        "note": f"{len(meanwhile):,} steps in {took:.0f} s, the slowest {worst:.0f} ms (bar: {BAR_MS} ms p99); oldest "
        f"transaction {locks.oldest_ms:.0f} ms (bar: 1,000); shown: {', '.join(sorted(locks.seen))}; "
        f"load average {os.getloadavg()[0]:.1f}",
    }


def run(tasks: int = 100_000) -> list[dict[str, object]]:
    """Measure a gateway that this run starts."""
    with gateway(quiet_hours="") as settings:
        batch = asyncio.run(_filled(settings, tasks))
        asyncio.run(answer_step.prepare(settings, 60_000))
        with serving(settings, answer_step.serve_ours) as [(port, _)]:
            return [asyncio.run(_when_up(settings, port, batch))]


async def _when_up(settings: Settings, port: int, batch: str) -> dict[str, object]:
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return await measure(settings, port, batch)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the gateway of this benchmark does not answer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    print(json.dumps({"results": run(parser.parse_args().tasks)}, indent=1))
