"""A burst of inbound SMS: how many per second are durable, and how many are processed.

An SMS is durable when it is committed before its 200. Many phones text at once over real HTTP.
Beyond `walks_at_once`, the API process stores the SMS, one group per commit. When all have arrived,
a runner's `catch_up` processes them: it finds or creates the worker, decides, posts to the ledger
and puts the reply into the outbox. The floor receives the same webhook as FastAPI's documentation
shows and inserts one row per request, committed. At the end, every message that got its 200 is in
the inbox once and has its reply.

`intake_steady` measures how long one SMS waits for its 200 while a given number arrive per second,
whether or not the earlier ones are answered (open loop). The time of an SMS counts from the moment
it was due, so a server that pauses is charged with every SMS that arrived meanwhile. Driver, server
and PostgreSQL share the machine.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from pathlib import Path

import aiohttp

from bench._here import gateway, serving
from bench.answer_step import serve_floor, serve_ours
from gateway.settings import Settings

AT_ONCE = 128
STEADY_RUN, WARM_UP = "90", 200


async def until_up(http: aiohttp.ClientSession, port: int, path: str) -> None:
    for _ in range(300):
        try:
            async with http.get(f"http://127.0.0.1:{port}{path}"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


async def burst(
    http: aiohttp.ClientSession, url: str, count: int, run: str
) -> tuple[float, list[float]]:
    """Send `count` SMS from as many phones, AT_ONCE at a time.

    Return the SMS per second, and the milliseconds of each.
    """
    numbers = iter(range(count))
    latencies: list[float] = []

    async def lane() -> None:
        for n in numbers:
            form = {
                "id": f"{run}-{n}",
                "session": f"{run}-{n}",
                "from": f"+2547{run}{n:07d}",
                "to": "20880",
                "text": "JOIN BENCH",
            }
            began = time.perf_counter()
            async with http.post(url, data=form) as answer:
                assert answer.status == 200
                await answer.read()
            latencies.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began), latencies


async def offered(
    http: aiohttp.ClientSession, url: str, rate: int, seconds: float
) -> tuple[float, list[float], list[float]]:
    """Send `rate` SMS per second, each at its moment.

    Return the 200s per second, the milliseconds of each from the moment it was due, and the
    milliseconds of each from the moment it was sent.
    """
    loop = asyncio.get_running_loop()
    due_ms, sent_ms, tasks = list[float](), list[float](), set[asyncio.Task[None]]()
    begun = loop.time() + 0.1

    async def one(n: int, due: float) -> None:
        form = {"id": f"s-{n}", "from": f"+2547{STEADY_RUN}{n:07d}", "to": "20880", "text": "JOIN BENCH"}  # fmt: skip
        sent = loop.time()
        async with http.post(url, data=form) as answer:
            assert answer.status == 200
            await answer.read()
        now = loop.time()
        due_ms.append((now - due) * 1000)
        sent_ms.append((now - sent) * 1000)

    for n in range(int(rate * seconds)):
        due = begun + n / rate
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(n, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return len(due_ms) / (loop.time() - begun), due_ms, sent_ms


async def steady(
    port: int, rate: int, seconds: float, api: int, postgres: int
) -> dict[str, object]:
    url = f"http://127.0.0.1:{port}/in/phone/local/sms"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        await until_up(http, port, "/healthz")
        await burst(http, url, WARM_UP, "91")
        before = cpu_s(api), cpu_s(postgres), time.process_time()
        told, due_ms, sent_ms = await offered(http, url, rate, seconds)
        after = cpu_s(api), cpu_s(postgres), time.process_time()
    spent = [(b - a) / len(due_ms) * 1e6 for a, b in zip(before, after, strict=True)]
    cuts, sent_cuts = statistics.quantiles(due_ms, n=1000), statistics.quantiles(sent_ms, n=1000)
    return {
        "name": "intake_steady",
        "ours": round(told),
        "floor": rate,
        "ratio": round(told / rate, 3),
        "unit": "SMS/s",
        "p50_ms": round(cuts[499], 1),
        "p99_ms": round(cuts[989], 1),
        "note": f"{rate} SMS/s offered for {seconds:g} s, durable before the 200, timed from the moment each was due: "
        f"p50 {cuts[499]:.1f}, p99 {cuts[989]:.1f}, p99.9 {cuts[998]:.1f}, most {max(due_ms):.0f} ms; from the moment "
        f"it was sent: p99 {sent_cuts[989]:.1f} ms (the bar: p99 under 200 ms); {AT_ONCE} connections; CPU for each SMS: API "
        f"{spent[0]:.0f} us, PostgreSQL {spent[1]:.0f} us, this driver {spent[2]:.0f} us",
    }


def cpu_s(*parents: int) -> float:
    """Return the CPU seconds that these processes and their children have used so far (Linux)."""
    used = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # The process has ended meanwhile.
        if int(folder.name) in parents or int(fields[1]) in parents:
            used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


async def intake(
    ours: int, floor: int, rounds: int, count: int, api: int, postgres: int
) -> dict[str, object]:
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as http:
        await until_up(http, ours, "/healthz")
        await until_up(http, floor, "/docs")
        rates, latencies = list[tuple[float, float]](), list[float]()
        cpu = {"API": 0.0, "PostgreSQL": 0.0}
        await burst(http, f"http://127.0.0.1:{floor}/step", count // 4, "00")
        for number in range(1, rounds + 1):
            before = cpu_s(api), cpu_s(postgres)
            mine, spent = await burst(
                http, f"http://127.0.0.1:{ours}/in/phone/local/sms", count, f"{number:02d}"
            )
            cpu["API"] += cpu_s(api) - before[0]
            cpu["PostgreSQL"] += cpu_s(postgres) - before[1]
            theirs, _ = await burst(
                http, f"http://127.0.0.1:{floor}/step", count, f"{number + 50:02d}"
            )
            rates.append((mine, theirs))
            latencies += spent
    cuts = statistics.quantiles(latencies, n=100)
    each = ", ".join(f"{who} {spent / rounds / count * 1e6:.0f} us" for who, spent in cpu.items())
    return {
        "name": "intake_durable",
        "ours": round(statistics.median(r[0] for r in rates)),
        "floor": round(statistics.median(r[1] for r in rates)),
        "ratio": round(statistics.median(r[0] / r[1] for r in rates), 2),
        "unit": "SMS/s",
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "note": f"durable before the 200; floor: FastAPI with Form fields + one committed single-row INSERT; "
        f"{rounds} rounds in turn of {count} SMS, {AT_ONCE} at once; CPU for each SMS: {each}",
    }


async def walk(settings: Settings, total: int) -> dict[str, object]:
    """Let one runner process the stored SMS, and check that none is lost or doubled."""
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.turns.catch_up import catch_up

    async with open_runtime(settings, InlineJobQueue(), connections=3) as rt:
        kept = await rt.db.value("select count(*) from inbox")
        assert kept == total, f"{total} got their 200, {kept} are there"
        waiting = await rt.db.value("select count(*) from inbox where state = 'waiting'")
        began, heard = time.perf_counter(), 0
        while taken := await catch_up(rt):
            heard += taken
        spent = time.perf_counter() - began
        assert heard == waiting
        done = await rt.db.value("select count(*) from inbox where state = 'done'")
        replies = await rt.db.value("select count(*) from outbox")
        assert done == replies == total, f"{total} taken, {done} heard, {replies} replies"
    return {
        "name": "intake_walk",
        "ours": round(heard / spent) if heard else None,
        "floor": None,
        "ratio": None,
        "unit": "SMS/s",
        "p50_ms": None,
        "p99_ms": None,
        "note": f"one runner processes the {heard} that were stored first "
        f"({total - heard} were processed before their 200)",
    }


def run(
    rounds: int = 3, count: int = 6000, rate: int = 1000, seconds: float = 15.0
) -> list[dict[str, object]]:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.people import register

    async def prepare(settings: Settings) -> None:
        async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
            await register.add_partner(rt, "BENCH", "Bench")

    with gateway() as settings:
        asyncio.run(prepare(settings))
        lock = settings.data_dir / "postgres" / "data" / "postmaster.pid"
        postgres = int(lock.read_text().split("\n")[0])
        with serving(settings, serve_ours, serve_floor) as ((ours, api), (floor, _)):
            even = asyncio.run(steady(ours, rate, seconds, api, postgres))
            durable = asyncio.run(intake(ours, floor, rounds, count, api, postgres))
        total = rounds * count + int(rate * seconds) + WARM_UP
        return [even, durable, asyncio.run(walk(settings, total))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=15.0)
    given = parser.parse_args()
    results = run(given.rounds, given.count, given.rate, given.seconds)
    print(json.dumps({"results": results}, indent=1))
