# ruff: noqa: T201  what it prints is what it is for
"""The long runs of random requests.

`python -m tests.system.fuzz webhooks --cases 100000`, and `api` or `schemathesis --cases 10000`.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import structlog

from gateway.servers.embedded import EmbeddedServers
from gateway.store.schema import migrate
from tests.conftest import opened_gateway
from tests.system.fuzz.test_api import fuzzed
from tests.system.fuzz.test_schemathesis import schemathesis
from tests.system.fuzz.test_webhooks import CHANNELS, providers
from tests.system.fuzz.webhooks import Webhooks, judged


async def run(what: str, cases: int, seed: int, database_url: str):
    """One run against a gateway of its own; its report."""
    await migrate(database_url)
    async with opened_gateway(
        database_url, providers, channels=CHANNELS, requests_per_minute=0
    ) as town:
        await town.opens()
        if what == "api":
            return await fuzzed(town, cases, seed)
        if what == "schemathesis":
            return await schemathesis(town, cases, seed)
        url = town.rt.settings.public_url
        async with httpx2.AsyncClient(base_url=url, timeout=300) as http:
            return await judged(town.rt.db.value, Webhooks(http, url, seed), cases)


def main() -> None:
    """Print the statuses and the first faults; exit 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.fuzz", description=__doc__)
    parser.add_argument("what", choices=("api", "schemathesis", "webhooks"))
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    # A line per refused call would hide the report.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="gateway-fuzz-") as folder,
        EmbeddedServers(Path(folder) / "data") as servers,
    ):
        report = asyncio.run(run(given.what, given.cases, given.seed, servers.database_url))
    print(
        f"{report.cases:,} calls in {time.monotonic() - began:.0f} s, {len(report.faults)} faults"
    )
    for status, number in sorted(report.statuses.items(), key=str):
        print(f"  {status}: {number:,}")
    for fault in report.faults[:50]:
        print(fault)
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
