"""The USSD answer step over HTTP, compared with one committed single-row INSERT by FastAPI.

Both use the same PostgreSQL. The gateway does the whole step for each key: find the worker and her
question, understand the key, record the event, judge the task, post the answer and the earning to
the ledger, hold the next question, save the session and render the screen, in one commit. The floor
receives the same webhook as FastAPI's documentation shows (typed Form fields) and inserts one row
of it. The bare floor does not parse the body and inserts it as one text. Each is one uvicorn
process, and the same client drives them in turn.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import uvicorn
from starlette.types import ASGIApp

from bench._here import gateway, serving
from gateway.cli.run.api import config, listen, spare_what_is_loaded
from gateway.settings import Settings

PHONES = 320
AT_ONCE = 16


def serve_ours(settings: Settings, port: int) -> None:
    from gateway.api.server import make_app
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue

    @asynccontextmanager
    async def opened() -> AsyncGenerator[object]:
        async with open_runtime(settings, InlineJobQueue()) as rt:
            yield rt

    _run(make_app(opened, on_ready=spare_what_is_loaded), port)


def serve_floor(settings: Settings, port: int) -> None:
    import asyncpg
    from fastapi import FastAPI, Form, Request
    from fastapi.responses import PlainTextResponse

    from gateway.store.db import plain_dsn

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        pool = await asyncpg.create_pool(
            plain_dsn(settings.database_url.get_secret_value()), min_size=1, max_size=10
        )
        await pool.execute(
            "create table if not exists floor (id bigint generated always as identity primary key, session text, phone text, service text, network text, body text)"
        )
        app.state.pool = pool
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/step")
    async def step(
        session: Annotated[str, Form()],
        phone: Annotated[str, Form(alias="from")],
        text: Annotated[str, Form()],
        service: Annotated[str, Form()] = "",
        network: Annotated[str, Form()] = "",
    ) -> PlainTextResponse:
        await app.state.pool.execute(
            "insert into floor (session, phone, service, network, body) values ($1, $2, $3, $4, $5)",
            session,
            phone,
            service,
            network,
            text,
        )
        return PlainTextResponse("CON saved")

    @app.post("/bare")
    async def bare(request: Request) -> PlainTextResponse:
        body = await request.body()
        await app.state.pool.execute("insert into floor (body) values ($1)", body.decode())
        return PlainTextResponse("CON saved")

    _run(app, port)


def _run(app: ASGIApp, port: int) -> None:
    uvicorn.Server(config(app)).run(sockets=[listen("127.0.0.1", port)])


async def prepare(settings: Settings, answers: int) -> None:
    """Create a running batch with enough tasks for all phones."""
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.batches.submit.create import BatchSpec, create_batch
    from gateway.steps.batches.submit.fill import add_tasks
    from gateway.steps.batches.submit.start import start_batch
    from gateway.steps.people import register
    from gateway.tasks.intake import TaskSpec

    async with open_runtime(settings, InlineJobQueue()) as rt:
        client, _ = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**10)
        await register.add_partner(rt, "BENCH", "Bench")
        spec = BatchSpec(
            name="b",
            kind="verification",
            instructions="Is it true?",
            options=(),
            languages=(),
            price_minor=300,
            policy="fixed:3",
            confidence=0.0,
            method="dawid_skene",
            gold_rate=0.0,
            lease_s=3600,
            pack_max=1,
        )
        batch = await create_batch(rt, client, spec)
        tasks = [
            TaskSpec(str(n), f"Is shop number {n} the one beside the market?", None, None)
            for n in range(answers)
        ]
        await add_tasks(rt, client, batch.id, tasks)
        await start_batch(rt, client, batch.id)


class Phones:
    """The phones in the middle of a session, each with a question on its screen."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http, self._base = http, base
        self._transcripts = [""] * PHONES
        self._sessions = [""] * PHONES

    async def enrol(self) -> None:
        """Join from each phone."""
        for phone in range(PHONES):
            self._sessions[phone] = f"{time.time_ns()}-{phone}"
            for transcript in ("", "1", "1*1", "1*1*BENCH", "1*1*BENCH*1"):
                await self._step(phone, transcript)

    async def dial(self) -> None:
        """Begin a session on each phone."""
        for phone in range(PHONES):
            await self._dial(phone)

    async def answer(self, phone: int) -> None:
        """Answer the question on the screen of a phone."""
        self._transcripts[phone] += "*1"
        screen = await self._step(phone, self._transcripts[phone])
        assert "Saved" in screen, screen
        if screen.startswith("END"):
            # A network ends a session after three minutes. Further keys would bring its last
            # screen again, which costs little.
            await self._dial(phone)

    async def _dial(self, phone: int) -> None:
        self._sessions[phone] = f"{time.time_ns()}-{phone}"
        self._transcripts[phone] = "1"
        await self._step(phone, "")
        screen = await self._step(phone, "1")
        assert "1 Yes" in screen, screen

    async def _step(self, phone: int, transcript: str) -> str:
        form = {
            "session": self._sessions[phone],
            "from": f"+2547110{phone:05d}",
            "text": transcript,
        }
        async with self._http.post(f"{self._base}/in/phone/local/ussd", data=form) as answer:
            assert answer.status == 200
            return await answer.text()


async def drive(act: Callable[[int], Awaitable[None]], count: int) -> tuple[float, list[float]]:
    """Run `count` acts, by AT_ONCE phones at a time.

    Return the acts per second, and the milliseconds of each act.
    """
    latencies: list[float] = []

    async def one(lane: int) -> None:
        for turn in range(count // AT_ONCE):
            began = time.perf_counter()
            await act(lane + AT_ONCE * (turn % (PHONES // AT_ONCE)))
            latencies.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(one(lane) for lane in range(AT_ONCE)))
    return len(latencies) / (time.perf_counter() - began), latencies


async def compare(ours: int, floor: int, rounds: int, count: int) -> list[dict[str, object]]:
    async with aiohttp.ClientSession() as http:
        await _up(http, ours, "/healthz")
        await _up(http, floor, "/docs")
        phones = Phones(http, f"http://127.0.0.1:{ours}")
        await phones.enrol()

        def insert(path: str) -> Callable[[int], Awaitable[None]]:
            async def inserting(phone: int) -> None:
                form = {
                    "session": str(phone),
                    "from": f"+2547110{phone:05d}",
                    "text": "1*1*BENCH*1*1*1",
                }
                async with http.post(f"http://127.0.0.1:{floor}{path}", data=form) as answer:
                    assert answer.status == 200
                    await answer.text()

            return inserting

        floors = {"ussd_answer_step": "/step", "ussd_answer_step_bare_floor": "/bare"}
        await phones.dial()
        await drive(phones.answer, count // 4)
        for path in floors.values():
            await drive(insert(path), count // 4)
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in floors}
        latencies: list[float] = []
        for _ in range(rounds):
            await phones.dial()
            mine, spent = await drive(phones.answer, count)
            latencies += spent
            for name, path in floors.items():
                theirs, _ = await drive(insert(path), count)
                rates[name].append((mine, theirs))
    cuts = statistics.quantiles(latencies, n=100)
    notes = {
        "ussd_answer_step": "floor: FastAPI with Form fields + one committed single-row INSERT",
        "ussd_answer_step_bare_floor": "floor: FastAPI, body unread, one committed single-row INSERT",
    }
    return [
        {
            "name": name,
            "ours": round(statistics.median(r[0] for r in found)),
            "floor": round(statistics.median(r[1] for r in found)),
            "ratio": round(statistics.median(r[0] / r[1] for r in found), 3),
            "unit": "requests/s",
            "p50_ms": round(cuts[49], 2),
            "p99_ms": round(cuts[98], 2),
            "note": f"{notes[name]}; {rounds} rounds in turn of {count} requests, {AT_ONCE} at once",
        }
        for name, found in rates.items()
    ]


async def _up(http: aiohttp.ClientSession, port: int, path: str) -> None:
    for _ in range(200):
        try:
            async with http.get(f"http://127.0.0.1:{port}{path}") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def run(rounds: int = 5, count: int = 1600) -> list[dict[str, object]]:
    with gateway() as settings:
        asyncio.run(prepare(settings, count * (rounds + 1)))
        with serving(settings, serve_ours, serve_floor) as ((ours, _), (floor, _)):
            return asyncio.run(compare(ours, floor, rounds, count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1600)
    given = parser.parse_args()
    print(json.dumps({"results": run(given.rounds, given.count)}, indent=1))
