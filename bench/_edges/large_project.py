"""The speed and the memory of a project with many rows, from its file to its result.

`python -m bench._edges.large_project --rows 100000` measures a gateway of its own. *Split* is the
check and the splitting of the client's file. *Fill* is the start and the filling of the first
stage's batch, in slices that commit. Then every task gets answers, and *result* puts the one result
together and writes it as CSV. Memory is that of this process and of its helper, above what both
held after a project of 1,000 rows. The floor is a COPY of the same rows in the same run."""

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench._edges.large_files import resident_mb, row_of
from bench._here import Results, measured
from bench.heavy_work import _FILL, ANSWERS, WORKERS  # the same crowd, so figures compare
from bench.imports import bare_copy
from gateway.app import open_runtime
from gateway.base.ids import ClientId
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.batches.projects import advance, create, report, start
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.projects import Project
from gateway.tasks.projects.plan import AnswerPay

ROWS = 100_000
BARS = {"split": 10_000, "fill": 10_000, "result": 5_000}
"""The least rows in a second."""
MEMORY_BAR_MB = 400
_ONCE = ("insert into worker", "insert into skill", "insert into transfer")
_LOOK_S = 0.05


class Watch:
    """The seconds of each part, and the most memory meanwhile."""

    def __init__(self) -> None:
        self.seconds = dict[str, float]()
        self.most_mb = dict[str, float]()

    @asynccontextmanager
    async def part(self, name: str) -> AsyncIterator[None]:
        """Time one part."""
        self.most_mb[name] = 0.0

        async def looking() -> None:
            while True:
                self.most_mb[name] = max(self.most_mb[name], await asyncio.to_thread(resident_mb))
                await asyncio.sleep(_LOOK_S)

        looker, began = asyncio.create_task(looking()), time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - began
            looker.cancel()


async def played(rt: Runtime, client: ClientId, rows: int) -> Watch:
    """Play one project: its file, its start, its answers and its result."""
    watch = Watch()
    order = create.ProjectOrder(
        "sort-catalogue",
        f"project of {rows}",
        AnswerPay(100),
        {
            "options": ["shop", "stall", "kiosk"],
            "question": "{text}",
            "policy": f"fixed:{ANSWERS}",
        },
    )
    project = await create.create_project(rt, client, order)
    file = rt.settings.data_dir / f"{project}.csv"
    lines = (",".join(row_of(number)) for number in range(rows))
    file.write_text("id,text\n" + "".join(f"{line}\n" for line in lines))
    async with watch.part("split"):
        await create.give_file(rt, client, project, file, "text/csv")
    async with watch.part("fill"):
        await start.start_project(rt, client, project)
        await advance.advance_project(rt, project)
    (stage,) = await projects.stages_of(rt.db, project)
    assert stage.tasks == rows, stage
    await _answer_all(rt, stage.batch)
    found = await projects.read_project(rt.db, project)
    async with watch.part("result"):
        written = await _result_bytes(rt, found)
    assert written > rows
    return watch


async def _answer_all(rt: Runtime, batch: str) -> None:
    is_first = not await rt.db.value("select exists (select from worker)")
    async with rt.db.transaction() as db:
        await db.execute("set local statement_timeout = 0")
        for statement in _FILL:
            # The workers, their skills and the one transfer are there since the first project.
            if not is_first and statement.startswith(_ONCE):
                continue
            filled = statement.replace("$batch", f"'{batch}'").replace("$workers", str(WORKERS))
            await db.execute(filled.replace("$answers", str(ANSWERS)))
    await rt.db.execute("analyze")


async def _result_bytes(rt: Runtime, project: Project) -> int:
    result = await report.project_result(rt, project, partial=True)
    return sum(len(line) for line in report.result_csv(result, raw=True))


def _line(
    name: str, rows: int, watch: Watch, before_mb: float, floor_s: float
) -> dict[str, object]:
    took = watch.seconds[name]
    return {
        "name": f"project_{name}",
        "ours": round(rows / took),
        "floor": round(rows / floor_s),
        "ratio": round(floor_s / took, 3),
        "unit": "rows/s",
        "p50_ms": None,
        "p99_ms": None,
        "bar": BARS[name],
        "note": f"{rows:,} rows in {took:.1f} s; memory grew by {watch.most_mb[name] - before_mb:.0f} MB "
        f"(bar: {MEMORY_BAR_MB}); load average {os.getloadavg()[0]:.1f}",
    }


async def measure(
    settings: Settings, rows: int, say: Callable[[str], None]
) -> list[dict[str, object]]:
    """Play a small project, and then one with all the rows."""
    async with open_runtime(settings, InlineJobQueue()) as rt:
        client, _ = await register.add_client(rt, "Bench", "KES")
        await register.top_up(rt, client, "bench", 10**13)
        await played(rt, client, 1000)
        before = resident_mb()
        say(f"a project of {rows:,} rows")
        watch = await played(rt, client, rows)
    floor_s = await bare_copy(settings, [row_of(number) for number in range(rows)])
    return [_line(name, rows, watch, before, floor_s) for name in BARS]


def run(rows: int = ROWS) -> Results:
    """Measure a gateway that this run starts."""
    return measured(measure, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    print(json.dumps({"results": run(parser.parse_args().rows)}, indent=1))
