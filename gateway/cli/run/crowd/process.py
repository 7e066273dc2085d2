"""The command `gateway crowd`, which `gateway up` runs on a try-out."""

import asyncio
import time
from typing import Final

import structlog

from gateway.app import open_runtime
from gateway.base.errors import GatewayError
from gateway.cli.run.crowd.crowd import SimulatedWorkers
from gateway.cli.run.runner import ANSWER
from gateway.queue.bells import RqJobQueue
from gateway.settings import Settings
from gateway.store.db import AWAY

log = structlog.get_logger()

ROUND_S: Final = 0.25


async def serve(settings: Settings) -> None:
    """Let the crowd of a try-out act until cancelled."""
    assert settings.redis_url
    jobs = RqJobQueue(settings.redis_url.get_secret_value(), ANSWER)
    try:
        async with open_runtime(settings, jobs, connections=2) as rt:
            members = SimulatedWorkers.of(rt)
            while True:
                try:
                    await members.act(time.monotonic())
                    await jobs.flush()
                except (GatewayError, *AWAY) as away:
                    log.warning("the crowd waits until the database is back", why=str(away))
                await asyncio.sleep(ROUND_S)
    finally:
        await jobs.close()
