"""A synthetic history, consistent as if it were real, for benchmarks and for tests of growth.

The rows are made inside the database, set by set, because sending them there would take long. Only
the workers' numbers come from outside, since they are sealed with the gateway's key. Triggers and
foreign keys are off meanwhile, so everything that they guard is written here. Balances are the sums
of their transfers, and counts are the numbers of rows. The audit of the ledger and its seals find
no fault afterwards.

A worker's share of the answers follows a square law, so a few workers are very busy. The answers
spread over a year.
"""

# asyncpg is only partly typed; see gateway.store.db.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import asyncpg

from gateway.base.errors import Refused
from gateway.store.db import plain_dsn
from gateway.store.history import fill_sql as sql

OVERLAP = 5
"""The answers per task in a finished batch."""
TASKS_OF_DONE = 5000
"""The tasks of a finished batch."""
CLIENTS = 10
SMALL_BATCHES = 18
TASKS_OF_SMALL = 500
_SLICE = 5000  # tasks per commit
_DAYS = 365
_HOLDERS_SHARE = 0.32


@dataclass(frozen=True, slots=True)
class FillPlan:
    """The size of the history, in rows."""

    answers: int
    """The number of answers."""
    workers: int
    """The number of workers."""
    open_tasks: int
    """The tasks of the one very large open batch."""
    holders: int
    """The workers who each hold one of its first questions."""
    seed: int = 1
    """The seed of all numbers that look random."""

    @property
    def done_batches(self) -> int:
        """Return the number of finished batches.

        They hold all answers except those of the open batches.
        """
        return max(1, round(self.answers / (TASKS_OF_DONE * OVERLAP)))

    @property
    def breadth_tasks(self) -> int:
        """Return the tasks of the batch in which every task gets one answer before any gets two."""
        return max(100, self.open_tasks * 3 // 10)


def plan(
    answers: int, workers: int | None = None, open_tasks: int | None = None, seed: int = 1
) -> FillPlan:
    """Return a plan. The numbers that are not given follow from the number of answers.

    >>> plan(5_000_000)
    FillPlan(answers=5000000, workers=100000, open_tasks=1000000, holders=32000, seed=1)
    >>> plan(10_000, workers=50).holders
    16
    """
    workers = workers or min(100_000, max(100, answers // 50))
    return FillPlan(
        answers, workers, open_tasks or max(500, answers // 5), int(workers * _HOLDERS_SHARE), seed
    )


async def fill(
    url: str, plan: FillPlan, sealed: Sequence[tuple[bytes, bytes]], currency: str, region: str
) -> AsyncGenerator[tuple[int, str]]:
    """Fill an empty database, and yield the number of answers so far and the latest step.

    `sealed` has the sealed number and the index of each worker. Raises Refused when the database is
    not empty, or when its role may not switch triggers off (only a superuser may).
    """
    db: asyncpg.Connection = await asyncpg.connect(
        plain_dsn(url), server_settings={"statement_timeout": "0"}
    )
    try:
        if await db.fetchval(sql.IS_USED):
            raise Refused(
                "this database is not empty, and synthetic history is never mixed with real history: choose an empty data folder"
            )
        try:
            await db.execute("set session_replication_role = replica")
        except asyncpg.InsufficientPrivilegeError as bad:
            raise Refused(
                "synthetic history needs a database role that may switch triggers off (a superuser)"
            ) from bad
        async for step in _Filling(db, plan, currency, region).steps(sealed):
            yield step
    finally:
        await db.close()


class _Filling:
    def __init__(self, db: asyncpg.Connection, plan: FillPlan, currency: str, region: str) -> None:
        self._db, self._plan, self._currency, self._region = db, plan, currency, region
        self._answers = 0
        self._task = 0  # the last task's id

    async def steps(self, sealed: Sequence[tuple[bytes, bytes]]) -> AsyncGenerator[tuple[int, str]]:
        for start in range(0, len(sealed), 10_000):
            some = sealed[start : start + 10_000]
            await self._db.execute(
                sql.WORKERS,
                start,
                [number for number, _ in some],
                [index for _, index in some],
                self._currency,
                self._region,
            )
        yield 0, f"{len(sealed):,} workers"
        await self._db.execute(sql.MONTHS)
        await self._db.execute(sql.HOUSE, self._plan.workers, CLIENTS, self._currency)
        await self._go_on_behind()  # The accounts of the batches draw their numbers from sequences.
        for n in range(self._plan.done_batches):
            await self._batch(f"done{n}", "done", n, TASKS_OF_DONE, OVERLAP)
            yield self._answers, f"finished batch {n + 1} of {self._plan.done_batches}"
        for n in range(SMALL_BATCHES):
            await self._batch(f"small{n}", "running", n, TASKS_OF_SMALL, 2)
        yield self._answers, f"{SMALL_BATCHES} small open batches"
        await self._batch("breadth", "running", 1, self._plan.breadth_tasks, 1, breadth=True)
        yield self._answers, "the batch that asks every task once first"
        await self._batch("large", "running", 2, self._plan.open_tasks, 0)
        await self._db.execute(sql.HELD, "b_large", self._plan.holders)
        yield self._answers, f"the open batch of {self._plan.open_tasks:,} tasks"
        await self._db.execute(sql.PAYOUTS, self._currency)
        for statement in (*sql.BOOKS, *sql.COUNTS):
            await self._db.execute(statement)
        await self._go_on_behind()
        yield self._answers, "payouts, balances and counts"
        parts = [row["part"] for row in await self._db.fetch(sql.PARTS)]
        for table in (*sql.TABLES, *parts):
            # A partition must not be analysed while it is empty (see plan_months_anew).
            if table in parts and not await self._db.fetchval(
                f"select exists (select from {table})"  # The gateway chose this name.
            ):
                continue
            await self._db.execute(f"vacuum (analyze, freeze) {table}")
        yield self._answers, "statistics of the tables"

    async def _go_on_behind(self) -> None:
        for statement in sql.NUMBERS:
            await self._db.execute(statement)

    async def _batch(
        self, name: str, state: str, n: int, tasks: int, answers: int, *, breadth: bool = False
    ) -> None:
        """Make a batch with `answers` answers per task. The last answers are the newest."""
        of = self._plan.done_batches
        age_days = _DAYS * (of - n) / of if state == "done" else 3.0
        batch = f"b_{name}"
        await self._db.execute(
            sql.BATCH, batch, n % CLIENTS, state, self._currency, tasks, age_days, breadth
        )
        for start in range(0, tasks, _SLICE):
            some = min(_SLICE, tasks - start)
            await self._db.execute(
                sql.TASKS, batch, self._task + start, start, some, answers, state == "done"
            )
            if answers:
                await self._db.execute(
                    sql.ANSWERS,
                    batch,
                    self._task + start,
                    some,
                    answers,
                    self._plan.workers,
                    self._plan.seed,
                    age_days,
                )
            self._answers += some * answers
        self._task += tasks
        if state == "done":
            await self._db.execute(sql.TAUGHT, batch)
