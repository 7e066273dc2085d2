"""`python -m tests.proof --payouts N --seed S`: the payout proof, in episodes of 10,000 on as many processes as cores."""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from gateway.servers import EmbeddedServers
from gateway.store.schema import migrate

from .judge import Verdict
from .play import play, run_statement

EPISODE = 10_000


async def _template(servers: EmbeddedServers) -> None:
    await run_statement(servers.postgres_dsn, "create database proof")
    await migrate(servers.database_url.replace("/gateway?", "/proof?"))


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--payouts", type=int, default=1_000_000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument(
        "--factor", type=float, default=3.0, help="times the fault rates of PAYMENTS.md 8a"
    )
    ask.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    ask.add_argument("--json", type=Path, default=None)
    given = ask.parse_args()
    sizes = [EPISODE] * (given.payouts // EPISODE) + [given.payouts % EPISODE] * (
        given.payouts % EPISODE > 0
    )
    total, started = Verdict(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="payout-proof-") as folder,
        EmbeddedServers(Path(folder) / "data", redis=False) as servers,
    ):
        asyncio.run(_template(servers))
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(given.processes, mp_context=spawn) as pool:
            todo = {
                pool.submit(
                    play,
                    servers.postgres_dsn,
                    servers.database_url,
                    size,
                    given.seed + n,
                    given.factor,
                ): n
                for n, size in enumerate(sizes)
            }
            for done in as_completed(todo):
                one = done.result()
                total.plus(one)
                print(
                    f"{total.payouts:>9,} payouts  {total.doubles} double  {total.lost} lost  "
                    f"{total.conservation_breaks} conservation breaks  seed {given.seed + todo[done]}  "
                    f"{time.monotonic() - started:.0f} s",
                    flush=True,
                )
                if not one.good:
                    for cancelled in todo:
                        cancelled.cancel()
                    for fault in one.faults:
                        print(f"  seed {given.seed + todo[done]}: {fault}")
                    break
    total.seconds = round(time.monotonic() - started, 1)
    report = {**asdict(total), "factor": given.factor, "seed": given.seed}
    print(json.dumps(report, indent=1) if given.json is None else f"written to {given.json}")
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if total.good else 1


if __name__ == "__main__":
    sys.exit(main())
