"""The delay that heavy steps on a large batch cause to other work on it.

A batch of 100,000 tasks with five answers each is written straight into the tables. Then each heavy
step (learn, close, correct, upload) runs as a runner or the client process runs it. Meanwhile
probers lock the batch's row, rows of its tasks and rows of its workers' skills every 10 ms. They
also test whether the event loop is free, and look for the oldest of the gateway's transactions that
has written something: no lock is older than that. The report has the longest times. `ours` is the
longest wait for a row, in ms.
"""

# asyncpg is only partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

import asyncpg

from bench._here import gateway
from gateway.app import open_runtime
from gateway.base.ids import ClientId
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.batches.close import close_batch
from gateway.steps.batches.prepare import write_specs
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.create import BatchSpec, create_batch
from gateway.steps.batches.submit.fill import add_prepared, add_tasks
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.people import register
from gateway.steps.quality.corrections.correct_gold import (
    Correction,
    SameOption,
    correct_gold,
    correct_option,
)
from gateway.steps.quality.corrections.correct_label import NewLabel, correct_label
from gateway.steps.quality.reestimate import relearn
from gateway.steps.runtime import Runtime
from gateway.store.db import plain_dsn
from gateway.tasks.intake import TaskSpec
from gateway.tasks.question import Option

WORKERS, GOLD, ANSWERS = 2000, 200, 5
_EVERY_S = 0.01
BAR_MS = 1000


@dataclass(slots=True)
class Waits:
    """The longest waits while an operation ran, in milliseconds.

    `lock_ms` is the age of the oldest transaction that wrote.
    """

    took_ms: float = 0.0
    row_ms: float = 0.0
    task_ms: float = 0.0
    skill_ms: float = 0.0
    loop_ms: float = 0.0
    lock_ms: float = 0.0


class Probers:
    """The probers, which measure again and again how long they have to wait."""

    def __init__(self, settings: Settings, batch: str) -> None:
        assert settings.database_url
        self._dsn, self._batch = plain_dsn(settings.database_url.get_secret_value()), batch
        self.waits = Waits()

    async def during(self, what: Callable[[], Awaitable[object]]) -> Waits:
        """Run an operation, and return the longest waits meanwhile."""
        self.waits = Waits()
        probes = [
            asyncio.create_task(self._rows("row_ms", "select 1 from batch where id = $1 for no key update", self._batch)),
            asyncio.create_task(self._rows("skill_ms", "select 1 from skill where worker_id <= $1 for update", 50)),
            asyncio.create_task(self._rows("task_ms", "select 1 from task where batch_id = $1 and position = 5 for no key update", self._batch)),
            asyncio.create_task(self._loop()),
            asyncio.create_task(self._locks()),
        ]  # fmt: skip
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await what()
        self.waits.took_ms = (time.monotonic() - began) * 1000
        await asyncio.sleep(0.1)
        for probe in probes:
            probe.cancel()
        for probe in probes:
            with suppress(asyncio.CancelledError):
                await probe
        return self.waits

    async def _rows(self, name: str, query: str, argument: object) -> None:
        books = await asyncpg.connect(self._dsn)
        try:
            while True:
                began = time.monotonic()
                await books.execute(query, argument)
                self._note(name, time.monotonic() - began)
                await asyncio.sleep(_EVERY_S)
        finally:
            books.terminate()

    async def _locks(self) -> None:
        books = await asyncpg.connect(self._dsn)
        try:
            while True:
                age_s = await books.fetchval(
                    """select extract(epoch from max(clock_timestamp() - xact_start))::float8 from pg_stat_activity
                       where application_name = 'gateway' and backend_xid is not null and datname = current_database()"""
                )
                self._note("lock_ms", age_s or 0.0)
                await asyncio.sleep(_EVERY_S)
        finally:
            books.terminate()

    async def _loop(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(_EVERY_S)
            self._note("loop_ms", time.monotonic() - began - _EVERY_S)

    def _note(self, name: str, waited_s: float) -> None:
        setattr(self.waits, name, max(getattr(self.waits, name), waited_s * 1000))


async def prepare(rt: Runtime, client: ClientId, tasks: int) -> str:
    """Create a running batch whose tasks are all answered and decided."""
    batch = await create_batch(rt, client, _spec("large"))
    await add_tasks(rt, client, batch.id, _tasks(tasks, GOLD))
    await start_batch(rt, client, batch.id)
    async with rt.db.transaction() as db:
        # This preparation is not what is measured, and takes minutes on a busy machine.
        await db.execute("set local statement_timeout = 0")
        for statement in _FILL:
            await db.execute(
                statement.replace("$batch", f"'{batch.id}'")
                .replace("$workers", str(WORKERS))
                .replace("$answers", str(ANSWERS))
            )
    await rt.db.execute("analyze")
    return batch.id


def _spec(name: str) -> BatchSpec:
    return BatchSpec(
        name=name,
        kind="categorisation",
        instructions="What is it?",
        options=[Option(name, {"en": name}) for name in ("shop", "stall", "kiosk")],
        languages=(),
        price_minor=100,
        policy=f"fixed:{ANSWERS}",
        confidence=0.0,
        method="auto",
        gold_rate=0.1,
        lease_s=3600,
        pack_max=1,
    )


def _tasks(count: int, golds: int) -> list[TaskSpec]:
    return [
        TaskSpec(str(n), f"What is at place number {n}?", "shop" if n < golds else None, None)
        for n in range(count)
    ]


_FILL = (
    """insert into worker (name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id, sms_channel)
       select '', 'en', 'active', 'x', sha256(n::text::bytea), 'KE', 'KES', (select min(id) from account), 'phone'
         from generate_series(1, $workers) n""",
    """insert into skill (worker_id, kind, "right", wrong)
       select id, 'categorisation', 8, 2 from worker on conflict do nothing""",
    """insert into assignment (task_id, worker_id, state, via, lease_until)
       select t.id, w.id, 'answered', 'ussd', now() from task t cross join generate_series(0, $answers - 1) s
         join (select id, row_number() over (order by id) - 1 as n from worker) w
           on w.n = (t.position + s * 661) % $workers where t.batch_id = $batch""",
    """insert into transfer (id, debit, credit, amount, currency, code, cause)
       select gen_random_uuid(), debit, credit, 1, currency, code, 'bench' from transfer limit 1""",
    """insert into answer (task_id, worker_id, slot, value, said, via, price, transfer_id, "right", created_at)
       select a.task_id, a.worker_id, row_number() over (partition by a.task_id order by a.id), v.value, '1', 'ussd', 100,
         (select id from transfer where cause = 'bench'), case when t.gold is not null then v.value = t.gold end, now()
       from assignment a join task t on t.id = a.task_id
         cross join lateral (select case when (a.id * 7919) % 10 < 8 then (array['shop','stall','kiosk'])[1 + t.position % 3]
           else (array['shop','stall','kiosk'])[1 + (a.id % 3)] end as value) v
       where t.batch_id = $batch""",
    """update task set answered = $answers, wanted = $answers, held = 0, state = 'decided', confidence = 0.9, rule = 'online', decided_at = now(),
         value = coalesce(gold, (array['shop','stall','kiosk'])[1 + position % 3]) where batch_id = $batch""",
)


async def measure(settings: Settings, tasks: int) -> list[dict[str, object]]:
    async with open_runtime(settings, InlineJobQueue(), connections=10) as rt:
        client, _ = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**12)
        batch = await prepare(rt, client, tasks)
        draft = await create_batch(rt, client, _spec("upload"))
        lines: list[bytes] = []
        filled = write_specs(_tasks(tasks, 0), draft, air_of(rt), lines.append)

        async def close() -> None:
            await close_batch(rt, await rt.batches.fresh(batch))

        by, why = "Asha", "bench"
        works: list[tuple[str, str, Callable[[], Awaitable[object]]]] = [
            ("upload", draft.id, lambda: add_prepared(rt, client, draft.id, filled, lines)),
            ("relearn", batch, lambda: relearn(rt, batch)),
            ("correct_gold", batch, lambda: correct_gold(rt, Correction(batch, "0", "stall", by=by, reason=why))),
            ("correct_label", batch, lambda: correct_label(rt, NewLabel(batch, "kiosk", "Kiosk", misled=True, by=by, reason=why))),
            ("correct_option", batch, lambda: correct_option(rt, SameOption(batch, "stall", "shop", by=by, reason=why))),
            ("start", draft.id, lambda: start_batch(rt, client, draft.id)),
            ("close", batch, close),
        ]  # fmt: skip
        return [
            _result(name, tasks, await Probers(settings, on).during(work))
            for name, on, work in works
        ]


def _result(name: str, tasks: int, waits: Waits) -> dict[str, object]:
    row_ms = round(max(waits.row_ms, waits.task_ms, waits.skill_ms))
    return {
        "name": f"heavy_{name}",
        "ours": row_ms,
        "floor": BAR_MS,
        "ratio": round(row_ms / BAR_MS, 3),
        "unit": "ms longest wait for a row",
        "p50_ms": None,
        "p99_ms": None,
        **{key: round(value) for key, value in asdict(waits).items()},
        "note": f"{tasks} tasks of {ANSWERS} answers; took {waits.took_ms / 1000:.1f} s; longest wait for the batch's row {waits.row_ms:.0f} ms, "
        f"for a task's {waits.task_ms:.0f} ms, for skills' {waits.skill_ms:.0f} ms, for the event loop {waits.loop_ms:.0f} ms; "
        f"oldest transaction {waits.lock_ms:.0f} ms; load average {os.getloadavg()[0]:.1f}",
    }  # fmt: skip


def run(tasks: int = 100_000) -> list[dict[str, object]]:
    with gateway() as settings:
        return asyncio.run(measure(settings, tasks))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    print(json.dumps({"results": run(parser.parse_args().tasks)}, indent=1))
