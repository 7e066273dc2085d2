"""The speed of a client's upload in each format, compared with a bare COPY of the same rows.

A gateway serves HTTP. A client posts 100,000 tasks as CSV, JSON lines, one JSON list and XLSX, each
into a draft of its own. The time runs from the request to the response that says that the tasks are
stored, so that the batch could start. Meanwhile another caller tests whether the same process
answers. The floor copies the same rows, prepared beforehand, into a table with the same columns,
constraints and indexes (foreign keys excepted).
"""

import argparse
import asyncio
import io
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import asyncpg

from bench._here import gateway, serving
from bench.answer_step import serve_ours
from gateway.settings import Settings
from gateway.store.db import plain_dsn

TASKS = 100_000
_JSON, _LINES = "application/json", "application/jsonl"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAUSE_S = 0.02
_SPEC = {
    "name": "upload",
    "kind": "categorisation",
    "instructions": "What is it?",
    "options": ["shop", "stall", "kiosk"],
    "price": "1",
    "policy": "fixed:3",
}


def texts(tasks: int) -> list[tuple[str, str]]:
    """Return names and texts of tasks as in a survey of shops."""
    return [(f"t{n}", f"What is at place number {n} on the road to Kibera?") for n in range(tasks)]


def bodies(rows: list[tuple[str, str]]) -> Mapping[str, tuple[str, bytes]]:
    """Return the tasks in each format: its content type and body."""
    objects = [json.dumps({"id": name, "text": text}) for name, text in rows]
    table = "id,text\n" + "".join(f"{name},{text}\n" for name, text in rows)
    return {
        "csv": ("text/csv", table.encode()),
        "jsonl": (_LINES, "\n".join(objects).encode()),
        "json": (_JSON, f"[{','.join(objects)}]".encode()),
        "xlsx": (_XLSX, _workbook(rows)),
    }


def _workbook(rows: list[tuple[str, str]]) -> bytes:
    from openpyxl import Workbook  # The import costs start-up time.

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["id", "text"])
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class Client:
    """A client of the gateway at a port, with an API key."""

    def __init__(self, http: aiohttp.ClientSession, port: int, key: str) -> None:
        self._http, self._url = http, f"http://127.0.0.1:{port}"
        self._heads = {"Authorization": f"Bearer {key}"}

    async def asks(
        self, method: str, path: str, body: bytes = b"", kind: str = _JSON
    ) -> dict[str, object]:
        heads = {**self._heads, "Content-Type": kind}
        url = f"{self._url}/api/v1{path}"
        async with self._http.request(method, url, data=body, headers=heads) as answer:
            told = await answer.json()
            assert answer.status < 300, told
            return told

    async def drafts(self) -> str:
        return str((await self.asks("POST", "/batches", json.dumps(_SPEC).encode()))["id"])

    async def longest_stop_ms(self, work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
        """Return the seconds of `work`, and another caller's longest wait meanwhile, in ms."""
        longest = 0.0

        async def others() -> None:
            nonlocal longest
            while True:
                began = time.perf_counter()
                async with self._http.get(f"{self._url}/healthz") as answer:
                    await answer.read()
                longest = max(longest, time.perf_counter() - began)
                await asyncio.sleep(_PAUSE_S)

        asking = asyncio.create_task(others())
        began = time.perf_counter()
        await work()
        took = time.perf_counter() - began
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return took, longest * 1000


async def bare_copy(settings: Settings, rows: list[tuple[str, str]]) -> float:
    """Return the seconds that a COPY of the rows into a table of its own takes."""
    assert settings.database_url
    db: asyncpg.Connection = await asyncpg.connect(
        plain_dsn(settings.database_url.get_secret_value())
    )
    try:
        await db.execute("create table if not exists floor_task (like task including all)")
        await db.execute("truncate floor_task")
        records = [("b", name, n, text, 3, 3) for n, (name, text) in enumerate(rows, 1)]
        began = time.perf_counter()
        await db.copy_records_to_table(
            "floor_task",
            records=records,
            columns=["batch_id", "name", "position", "text", "maximum", "wanted"],
        )
        return time.perf_counter() - began
    finally:
        await db.close()


async def _customer(settings: Settings) -> str:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.people import register

    async with open_runtime(settings, InlineJobQueue()) as rt:
        client, key = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**12)
    return key


async def measure(settings: Settings, port: int, tasks: int) -> list[dict[str, object]]:
    """Upload in each format, with the floor before each, and start the last batch."""
    key, rows = await _customer(settings), texts(tasks)
    found: list[dict[str, object]] = []
    limit = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=limit) as http:
        client = Client(http, port, key)
        await client.asks("POST", f"/batches/{await client.drafts()}/tasks", b"id,text\n1,a\n", "")
        for name, (kind, body) in bodies(rows).items():
            floor_s, batch = await bare_copy(settings, rows), await client.drafts()
            path = f"/batches/{batch}/tasks"
            took, stop = await client.longest_stop_ms(
                lambda path=path, body=body, kind=kind: client.asks("POST", path, body, kind)
            )
            found.append(_result(name, tasks, (took, floor_s), stop))
            took, stop = await client.longest_stop_ms(
                lambda batch=batch: client.asks("POST", f"/batches/{batch}/start")
            )
            found[-1]["start_ms"] = round(took * 1000)
            found[-1]["note"] = f"{found[-1]['note']}; its start took {took * 1000:.0f} ms"
    return found


def _result(
    name: str, tasks: int, seconds: tuple[float, float], stop_ms: float
) -> dict[str, object]:
    took, floor_s = seconds
    return {
        "name": f"upload_{name}",
        "ours": round(tasks / took),
        "floor": round(tasks / floor_s),
        "ratio": round(floor_s / took, 3),
        "unit": "rows/s",
        "p50_ms": None,
        "p99_ms": None,
        "stop_ms": round(stop_ms),
        "note": f"{tasks:,} tasks in {took:.1f} s; another caller waited {stop_ms:.0f} ms at most; "
        f"load average {os.getloadavg()[0]:.1f}",
    }


def run(tasks: int = TASKS) -> list[dict[str, object]]:
    """Measure a gateway that this run starts."""
    with gateway() as settings, serving(settings, serve_ours) as [(port, _)]:
        return asyncio.run(_when_up(settings, port, tasks))


async def _when_up(settings: Settings, port: int, tasks: int) -> list[dict[str, object]]:
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return await measure(settings, port, tasks)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the gateway of this benchmark does not answer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS)
    print(json.dumps({"results": run(parser.parse_args().tasks)}, indent=1))
