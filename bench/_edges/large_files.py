"""The speed and the memory of an import of many CSV rows, and of streaming the results.

`python -m bench._edges.large_files --rows 1000000` measures a gateway of its own. An import runs as
the runner runs it: from the file that has arrived to the tasks that count. Its memory is that of
this process and of its helper, above what both held after a first import of 1,000 rows. Then every
task gets answers, and another process serves its results as CSV over HTTP. The floor of both is a
COPY in the same run: of the same rows into a table with the same columns and indexes, and of the
columns of the results out of the table."""

import argparse
import asyncio
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import asyncpg

from bench._here import Results, measured, serving
from bench.answer_step import serve_ours
from bench.heavy_work import _FILL, ANSWERS, WORKERS, _spec  # the same crowd, so figures compare
from bench.imports import bare_copy
from gateway.app import open_runtime
from gateway.base.ids import ClientId, new_public_id
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.batches.files.order import ReceivedFile, order_import
from gateway.steps.batches.files.run import do_file_jobs
from gateway.steps.batches.submit.create import create_batch
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.batches import file_jobs
from gateway.store.batches.file_jobs import JobKind
from gateway.store.db import plain_dsn

ROWS = 1_000_000
IMPORT_BAR, MEMORY_BAR_MB, RESULTS_BAR = 20_000, 200, 50_000
_LOOK_S = 0.05


def row_of(number: int) -> tuple[str, str]:
    """Return the id and the text of one task."""
    return f"t{number}", f"What is at place number {number} on the road to Kibera?"


def resident_mb() -> float:
    """Return the memory of this process and of its child processes."""
    pids = {os.getpid()}
    for task in Path("/proc/self/task").iterdir():
        pids |= {int(pid) for pid in (task / "children").read_text().split()}
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):  # The process has just ended.
            continue
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


async def imported(rt: Runtime, client: ClientId, rows: int) -> tuple[str, float, float]:
    """Import rows, and return the batch, the seconds and the most memory meanwhile."""
    batch = await create_batch(rt, client, _spec(f"import of {rows}"))
    folder, job = FileFolder(rt.settings), new_public_id("im")
    name, digest = f"{job}.import", hashlib.sha256()
    file = folder.create(name)
    for start in range(0, rows, 10_000):
        lines = [",".join(row_of(n)) for n in range(start, min(start + 10_000, rows))]
        some = ("" if start else "id,text\n") + "".join(f"{line}\n" for line in lines)
        file.write(some.encode())
        digest.update(some.encode())
    file.finish()
    given = ReceivedFile(job, name, file.size, digest.hexdigest(), "text/csv")
    await order_import(rt, client, batch.id, given)
    most = 0.0

    async def looking() -> None:
        nonlocal most
        while True:
            most = max(most, await asyncio.to_thread(resident_mb))
            await asyncio.sleep(_LOOK_S)

    looker, began = asyncio.create_task(looking()), time.perf_counter()
    await do_file_jobs(rt)
    took = time.perf_counter() - began
    looker.cancel()
    done = await file_jobs.one(rt.db, batch.id, JobKind.IMPORT, job)
    assert done is not None and done.state == "ready", done
    return batch.id, took, most


async def answer_all(rt: Runtime, client: ClientId, batch: str) -> None:
    """Start a batch, and give every task its answers and its result."""
    await start_batch(rt, client, batch)
    async with rt.db.transaction() as db:
        await db.execute("set local statement_timeout = 0")
        for statement in _FILL:
            filled = statement.replace("$batch", f"'{batch}'").replace("$workers", str(WORKERS))
            await db.execute(filled.replace("$answers", str(ANSWERS)))
    await rt.db.execute("analyze")


async def streamed(port: int, key: str, batch: str) -> float:
    """Return the seconds in which the results are read over HTTP."""
    url = f"http://127.0.0.1:{port}/api/v1/batches/{batch}/results?format=csv"
    limit = aiohttp.ClientTimeout(total=3600)
    async with aiohttp.ClientSession(timeout=limit) as http:
        for _ in range(600):
            try:
                async with http.get(f"http://127.0.0.1:{port}/healthz"):
                    break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
        began = time.perf_counter()
        async with http.get(url, headers={"Authorization": f"Bearer {key}"}) as answer:
            assert answer.status == 200, await answer.text()
            async for _ in answer.content.iter_chunked(1 << 18):
                pass
        return time.perf_counter() - began


async def copied_out(settings: Settings, batch: str) -> float:
    """Return the seconds of a COPY of the columns of the results."""
    assert settings.database_url
    db = await asyncpg.connect(plain_dsn(settings.database_url.get_secret_value()))

    async def nowhere(data: bytes) -> None:
        """Drop the rows."""

    try:
        began = time.perf_counter()
        await db.copy_from_query(
            """select name, state, value, confidence, answered, rule, decided_at, own from task
               where batch_id = $1 and gold is null order by position""",
            batch,
            output=nowhere,
        )
        return time.perf_counter() - began
    finally:
        await db.close()


def _result(
    name: str, rows: int, seconds: tuple[float, float], bar: int, note: str
) -> dict[str, object]:
    took, floor_s = seconds
    return {
        "name": name,
        "ours": round(rows / took),
        "floor": round(rows / floor_s),
        "ratio": round(floor_s / took, 3),
        "unit": "rows/s",
        "p50_ms": None,
        "p99_ms": None,
        "bar": bar,
        "note": f"{rows:,} rows in {took:.1f} s; {note}; load average {os.getloadavg()[0]:.1f}",
    }


async def measure(
    settings: Settings, rows: int, say: Callable[[str], None]
) -> list[dict[str, object]]:
    """Import the rows, and stream the results of as many tasks."""
    async with open_runtime(settings, InlineJobQueue()) as rt:
        client, key = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**13)
        await imported(rt, client, 1000)
        before = resident_mb()
        say(f"importing {rows:,} rows")
        batch, took, most = await imported(rt, client, rows)
        floor_s = await bare_copy(settings, [row_of(n) for n in range(rows)])
        grown = f"memory grew by {most - before:.0f} MB (bar: {MEMORY_BAR_MB})"
        found = [_result("import_csv", rows, (took, floor_s), IMPORT_BAR, grown)]
        say(f"answering {rows:,} tasks")
        await answer_all(rt, client, batch)
    with serving(settings, serve_ours) as [(port, _)]:
        say("streaming the results")
        took = await streamed(port, key, batch)
    floor_s = await copied_out(settings, batch)
    note = f"{ANSWERS} answers per task"
    return [*found, _result("stream_results", rows, (took, floor_s), RESULTS_BAR, note)]


def run(rows: int = ROWS) -> Results:
    """Measure a gateway that this run starts."""
    return measured(measure, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    print(json.dumps({"results": run(parser.parse_args().rows)}, indent=1))
