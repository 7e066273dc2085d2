"""The payout proof, in episodes of 10,000 on one process per core.

`python -m tests.system.proof --payouts N --seed S`

Each episode has a seed, a process and a database of its own, which goes away afterwards: memory and
disk stay what one episode per process needs, however many there are. `--log FILE` keeps each
episode's verdict as a line of JSON; the same command with the same file goes on where it was
stopped. Several machines share the work by seeds: 1,000,000 from seed 1 are the seeds 1 to 100.

The throwaway PostgreSQL runs without fsync: nothing here tests durability (tests/system/faults/
does, with fsync on). The product never runs without it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

from gateway.servers import EmbeddedServers, postgres
from gateway.store.schema import migrate

from .judge import Verdict
from .play import play, run_statement

EPISODE = 10_000
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Task:
    seed: int
    payouts: int
    factor: float


def episodes(payouts: int, seed: int, factor: float) -> list[Task]:
    sizes = [EPISODE] * (payouts // EPISODE) + [payouts % EPISODE] * (payouts % EPISODE > 0)
    return [Task(seed + n, size, factor) for n, size in enumerate(sizes)]


class Log:
    """The verdicts so far, one a line. Without a file it forgets."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def before(self) -> dict[Task, Verdict]:
        if self._path is None or not self._path.exists():
            return {}
        found = map(json.loads, self._path.read_text().splitlines())
        return {Task(**one["task"]): Verdict(**one["verdict"]) for one in found}

    def add(self, task: Task, verdict: Verdict) -> None:
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps({"task": asdict(task), "verdict": asdict(verdict)}) + "\n")


@contextmanager
def throwaway():
    """PostgreSQL with a migrated database to copy."""
    with (
        tempfile.TemporaryDirectory(prefix="payout-proof-") as folder,
        patch.dict(postgres.SETTINGS, UNSAFE_AND_FAST),
        EmbeddedServers(Path(folder) / "data", redis=False) as servers,
    ):
        print(f"payout proof in {folder}, removed at the end", flush=True)
        asyncio.run(_template(servers))
        yield servers


async def _template(servers: EmbeddedServers) -> None:
    await run_statement(servers.postgres_dsn, "create database proof")
    await migrate(servers.database_url.replace("/gateway?", "/proof?"))


def told(total: Verdict, task: Task, of: int, took_s: float, here: int) -> str:
    """A line of progress. `here`: payouts of this run, without those of the log."""
    rate = here / took_s
    left_min = (of - total.payouts) / rate / 60
    return (
        f"{total.payouts:>9,} of {of:,}  {total.doubles} double  {total.lost} lost  "
        f"{total.conservation_breaks} conservation breaks  seed {task.seed}  "
        f"{took_s:.0f} s, {rate:.0f}/s, {left_min:.0f} min to go"
    )


def run(todo: list[Task], processes: int, log: Log) -> Verdict:
    """Play them all; stops at the first that is not good, and says what was wrong."""
    of, total, here = sum(task.payouts for task in todo), Verdict(), 0
    before = log.before()
    for task in todo:
        if task in before:
            total.plus(before[task])
    todo = [task for task in todo if task not in before]
    spawn = multiprocessing.get_context("spawn")
    with throwaway() as servers, ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        started = time.monotonic()
        playing = {
            pool.submit(play, servers.postgres_dsn, servers.database_url, t.payouts, t.seed, t.factor): t
            for t in todo
        }  # fmt: skip
        for done in as_completed(playing):
            task = playing[done]
            try:
                one = done.result()
            except Exception:
                # Told at once: else it is raised only when all that wait have been played.
                print(f"  seed {task.seed} broke off", flush=True)
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            total.plus(one)
            here += one.payouts
            print(told(total, task, of, time.monotonic() - started, here), flush=True)
            if not one.good:
                pool.shutdown(wait=False, cancel_futures=True)
                print(*(f"  seed {task.seed}: {fault}" for fault in one.faults), sep="\n")
                break
            log.add(task, one)
        total.seconds = round(time.monotonic() - started, 1)
    return total


def main() -> int:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ask.add_argument("--payouts", type=int, default=1_000_000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--factor", type=float, default=3.0, help="times the usual fault rates")
    ask.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    ask.add_argument("--log", type=Path, help="keep verdicts here, and go on from them")
    ask.add_argument("--json", type=Path, help="write the sum of all verdicts here")
    given = ask.parse_args()
    todo = episodes(given.payouts, given.seed, given.factor)
    total = run(todo, given.processes, Log(given.log))
    report = json.dumps({**asdict(total), "factor": given.factor, "seed": given.seed}, indent=1)
    print(report if given.json is None else f"written to {given.json}")
    if given.json:
        given.json.write_text(report + "\n")
    return 0 if total.good and total.payouts == given.payouts else 1


if __name__ == "__main__":
    sys.exit(main())
