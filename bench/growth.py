"""The cost of a long history: the same acts with and without a past, in turn in one run.

Both are whole gateways with a database server of their own. Phones act over HTTP, a few at a time,
so that a figure is the duration of an act and not its wait for others. Ratios are of the 99th
percentiles.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import aiohttp

from bench._here import gateway, serving
from bench.answer_step import serve_ours
from gateway.base.ids import ClientId
from gateway.settings import Settings
from gateway.store.history import fill
from gateway.store.history.fill import FillPlan

AT_ONCE = 4
_FIRST = 254_700_000_000
_LONG, _SHORT = fill.plan(5_000_000), fill.plan(100_000, workers=10_000, open_tasks=30_000)
_EMPTY = fill.plan(1_000, workers=2_500, open_tasks=2_000)

_CLIENT = ClientId("c_filled3")

AT_MOST = {
    "answer_step_p99_ratio": 1.5,
    "dial_again_p99_ratio": 1.5,
    "first_work_p99_ratio": 1.5,
    "sms_p99_ratio": 1.5,
    "cash_out_p99_ratio": 1.5,
    "ticker_ms": 20.0,
    "assign_idle_ms": 50.0,
    "metrics_ms": 100.0,
    "account_ms": 100.0,
    "batch_ms": 100.0,
    "console_ms": 100.0,
    "bytes_per_answer": 800.0,
}
"""The bars that a figure must not exceed."""
PROOF_ROWS_PER_S = 5000.0
"""The bar that the figure of this name must reach."""

Act = Callable[[int], Awaitable[None]]


async def make_past(settings: Settings, plan: FillPlan) -> int:
    """Fill a gateway, and return how many answers it holds."""
    from gateway.base.vault import Vault

    assert settings.secret_key
    assert settings.database_url
    vault = Vault(settings.secret_key.get_secret_value())
    numbers = [f"+{_FIRST + n}" for n in range(plan.workers)]
    sealed = [(vault.seal(number), vault.index(number)) for number in numbers]
    url = settings.database_url.get_secret_value()
    made = [step async for step in fill.fill(url, plan, sealed, "KES", "KE")]
    return made[-1][0]


class Phones:
    """The phones of workers whom a gateway knows and who hold no question yet.

    Every act has phones of its own.
    """

    def __init__(self, http: aiohttp.ClientSession, port: int, holders: int) -> None:
        self._http, self._url, self._holders = http, f"http://127.0.0.1:{port}", holders
        self._run = time.time_ns()
        self._typed: dict[int, str] = {}

    async def first_work(self, n: int) -> None:
        assert "Gikomba" in await self._dials(self._dialler(n), "1", "w")

    async def answer(self, n: int) -> None:
        self._typed[n] = self._typed.get(n, "1") + "*1"
        await self._dials(self._dialler(n), self._typed[n], "w")

    async def dial_again(self, n: int) -> None:
        self._run += 1
        assert (await self._dials(self._dialler(n), "", f"a{self._run}")).startswith("CON")

    async def sms(self, n: int) -> None:
        self._run += 1
        await self._texts(self._dialler(n) + 1, "WORK")

    async def cash_out(self, n: int) -> None:
        self._run += 1
        await self._texts(self._dialler(n) + 401, "PAY")

    async def opens(self, n: int) -> None:
        """Begin the session in which the other acts of this phone happen."""
        await self._dials(self._dialler(n), "", "w")

    def _dialler(self, n: int) -> int:
        """Return the number of the n-th phone after those with a question.

        Every other worker dials.
        """
        return self._holders + 1 + (self._holders % 2) + 2 * n

    async def _dials(self, worker: int, typed: str, session: str) -> str:
        form = {"session": f"{worker}-{session}", "from": f"+{_FIRST + worker}", "text": typed}
        async with self._http.post(f"{self._url}/in/phone/local/ussd", data=form) as screen:
            assert screen.status == 200
            return await screen.text()

    async def _texts(self, worker: int, words: str) -> None:
        form = {
            "id": f"{worker}-{self._run}",
            "from": f"+{_FIRST + worker}",
            "to": "20880",
            "text": words,
        }
        async with self._http.post(f"{self._url}/in/phone/local/sms", data=form) as answer:
            assert answer.status == 200


async def measured(act: Act, count: int) -> list[float]:
    """Return the milliseconds of each of `count` acts, each by another phone."""
    took: list[float] = []

    async def lane(first: int) -> None:
        for n in range(first, count, AT_ONCE):
            began = time.perf_counter()
            await act(n)
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(lane(first) for first in range(AT_ONCE)))
    return took


def p99(took: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(took)[min(len(took) - 1, len(took) * 99 // 100)]


ACTS = ("first_work", "answer", "dial_again", "sms", "cash_out")


async def acts(ports: list[int], holders: list[int], phones: int) -> dict[str, list[float]]:
    """Return the 99th percentile of each act, on the empty and on the filled gateway.

    The two gateways take turns, in ten parts per act.
    """
    async with aiohttp.ClientSession() as http:
        both = [Phones(http, port, held) for port, held in zip(ports, holders, strict=True)]
        for one, port in zip(both, ports, strict=True):
            await _up(http, port)
            await measured(one.opens, phones)
        found: dict[str, list[float]] = {}
        for name in ACTS:
            took: list[list[float]] = [[], []]
            for part in range(10):
                for n, one in enumerate(both):
                    act = getattr(one, name)
                    first = part * phones // 10

                    def shifted(k: int, act: Act = act, first: int = first) -> Awaitable[None]:
                        return act(first + k)

                    took[n] += await measured(shifted, phones // 10)
            found[name] = [p99(times) for times in took]
        return found


async def _up(http: aiohttp.ClientSession, port: int) -> None:
    while True:
        try:
            async with http.get(f"http://127.0.0.1:{port}/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)


async def looks(settings: Settings) -> dict[str, float]:
    """Return the milliseconds of each rare operation, as the best of three runs.

    The result also has the rows per second of a proof, and the bytes per answer.
    """
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.batches.count import count_batches
    from gateway.store import due, health
    from gateway.store.batches import listed_batches
    from gateway.store.ledger import traces
    from gateway.store.people import clients, workers
    from gateway.store.turns import idle_workers

    asleep = {
        "now": "2026-01-01T00:00:00Z", "hours": {"KE": 3}, "from": 21, "until": 8, "per_hour": 9, "per_day": 99,
    }  # fmt: skip

    async with open_runtime(settings, InlineJobQueue()) as rt:
        await count_batches(rt)
        now = rt.clock.now()

        async def assign_idle() -> None:
            assert not await idle_workers.by_sms(rt.db, 500, asleep, now)
            assert not await idle_workers.by_ussd(
                rt.db, 500, asleep, now, idle_workers.IdleSince(now, now)
            )

        coordinator = await rt.db.value(
            """with made as (insert into coordinator (name, language, msisdn_sealed, msisdn_index)
                 values ('Bench', 'en', 'x', 'bench') returning id)
               select id from made"""
        )
        await rt.db.execute(
            "update worker set coordinator_id = $1 where id % 100 = 0 and id <= 100000", coordinator
        )
        found = {
            "ticker_ms": await _ms(lambda: due.due_jobs(rt.db, now)),
            "assign_idle_ms": await _ms(assign_idle),
            "metrics_ms": await _ms(lambda: health.figures(rt.db)),
            "account_ms": await _ms(lambda: clients.account(rt.db, _CLIENT)),
            "batch_ms": await _ms(lambda: listed_batches.of_client(rt.db, _CLIENT, "b_large")),
            "console_ms": await _ms(lambda: workers.workers_of(rt.db, coordinator)),
        }
        rows, began = 0, time.perf_counter()
        async for _ in traces.of_batch(rt.db, "b_done0"):
            rows += 1
        found["proof_rows_per_s"] = rows / (time.perf_counter() - began)
        return found


async def pruned(settings: Settings) -> dict[str, float]:
    """Return the bytes per answer before and after months are archived.

    They are measured after the months that the default settings do not keep, and after all months.
    """
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.steps.housekeeping.archive import archive_months
    from gateway.store.db import Database

    async def per_answer(db: Database) -> float:
        size: int = await db.value("select pg_database_size(current_database())")
        return size / await db.value("select count(*) from answer")

    async with open_runtime(settings, InlineJobQueue()) as rt:
        found = {"bytes_per_answer_before": await per_answer(rt.db)}
        began = time.perf_counter()
        gone = [each async for each in archive_months(rt)]
        found["archived_rows_per_s"] = sum(each.rows for each in gone) / (
            time.perf_counter() - began
        )
        found["archived_bytes_per_row"] = sum(each.size_bytes for each in gone) / max(
            1, sum(each.rows for each in gone)
        )
        found["bytes_per_answer"] = await per_answer(rt.db)
        kept: int = await rt.db.value(
            """select sum(pg_total_relation_size(to_regclass(x.name)))::bigint from
                 (select part from parts() union select 'inbox_key' union select 'outbox_key') x(name)"""
        )
        answers: int = await rt.db.value("select count(*) from answer")
        found["bytes_per_answer_kept_for_good"] = found["bytes_per_answer"] - kept / answers
        return found


async def _ms(work: Callable[[], Awaitable[object]]) -> float:
    times: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def judged(found: dict[str, float]) -> dict[str, object]:
    """Return the result of a run, with the bars that it missed."""
    missed = [
        f"{name} is {found[name]:g}, at most {bar:g}"
        for name, bar in AT_MOST.items()
        if found[name] > bar
    ]
    if found["proof_rows_per_s"] < PROOF_ROWS_PER_S:
        missed.append(
            f"proof_rows_per_s is {found['proof_rows_per_s']:g}, at least {PROOF_ROWS_PER_S:g}"
        )
    return {
        "name": "growth",
        "ours": found["answer_step_with_past_p99_ms"],
        "floor": found["answer_step_empty_p99_ms"],
        "ratio": found["answer_step_p99_ratio"],
        "unit": "ms, 99th percentile of an answer, beside an empty database",
        "p50_ms": None,
        "p99_ms": found["answer_step_with_past_p99_ms"],
        **found,
        "load_average": round(os.getloadavg()[0], 1),
        "missed": missed,
        "note": "; ".join(f"{name} {value:g}" for name, value in found.items()),
    }


def run(full: FillPlan, phones: int) -> list[dict[str, object]]:
    """Measure two gateways that this run starts, one of them with a past."""
    with ExitStack() as stack:
        empty = stack.enter_context(gateway(quiet_hours=""))
        filled = stack.enter_context(gateway(quiet_hours=""))
        asyncio.run(make_past(empty, _EMPTY))
        began = time.monotonic()
        answers = asyncio.run(make_past(filled, full))
        found: dict[str, float] = {"answers": answers, "workers": full.workers}
        found |= {"open_tasks": full.open_tasks, "filled_in_s": time.monotonic() - began}
        seen = asyncio.run(looks(filled))
        served = [stack.enter_context(serving(each, serve_ours))[0][0] for each in (empty, filled)]
        by_act = asyncio.run(acts(served, [_EMPTY.holders, full.holders], phones))
        for act, (without, with_past) in by_act.items():
            name = "answer_step" if act == "answer" else act
            found[f"{name}_p99_ratio"] = with_past / without
            found[f"{name}_empty_p99_ms"], found[f"{name}_with_past_p99_ms"] = without, with_past
        seen |= asyncio.run(pruned(filled))
    digits = {name: 2 if name.endswith("ratio") else 1 for name in found | seen}
    return [judged({name: round(value, digits[name]) for name, value in (found | seen).items()})]


def main() -> None:
    """Print the figures: `python -m bench.growth [--short] [--answers 1000000]`."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--short", action="store_true", help="100,000 answers instead of 5 million")
    asked.add_argument("--answers", type=int, help="another number of answers")
    asked.add_argument("--workers", type=int, help="another number of workers")
    asked.add_argument("--open-tasks", type=int, help="another size of the one large open batch")
    asked.add_argument("--phones", type=int, default=600, help="phones for each act")
    given = asked.parse_args()
    full = _SHORT if given.short else _LONG
    if given.answers:
        full = fill.plan(given.answers, given.workers, given.open_tasks)
    print(json.dumps({"results": run(full, given.phones)}, indent=1))


if __name__ == "__main__":
    main()
