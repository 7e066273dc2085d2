"""One episode in a process and a database of its own."""

import asyncio
import logging

import asyncpg
import structlog

from .episode import Episode
from .judge import Verdict


async def run_statement(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(text)
    finally:
        await connection.close()


def play(dsn: str, url: str, payouts: int, seed: int, factor: float) -> Verdict:
    """One episode in a database of its own, which goes away afterwards."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    name = f"episode_{seed}"

    async def run() -> Verdict:
        await run_statement(dsn, f"create database {name} template proof strategy file_copy")
        try:
            return await Episode(payouts, seed, factor).run(url.replace("/gateway?", f"/{name}?"))
        finally:
            await run_statement(dsn, f"drop database {name}")

    return asyncio.run(run())
