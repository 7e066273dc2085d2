"""The command `gateway ticker`, which queues jobs for all waiting work.

Any number may run, and one of them leads.
"""

import asyncio

import structlog

from gateway.app import open_runtime
from gateway.base.errors import GatewayError
from gateway.cli.run.open_files import raise_file_limit
from gateway.cli.run.runner import ANSWER
from gateway.queue.bells import RqJobQueue
from gateway.settings import Settings
from gateway.sms.port import Polls
from gateway.steps.precedence import may_run
from gateway.steps.runtime import Runtime
from gateway.store.db import AWAY
from gateway.store.due import due_jobs
from gateway.store.leader import leading
from gateway.store.payouts import float_queries
from gateway.store.turns.polls import plan

log = structlog.get_logger()

_TICK_S = 1.0


async def serve(settings: Settings) -> None:
    """Queue due work every second until cancelled.

    A database or Redis that is away is simply tried again.
    """
    raise_file_limit()
    assert settings.redis_url
    jobs = RqJobQueue(settings.redis_url.get_secret_value(), ANSWER)
    try:
        async with open_runtime(settings, jobs, connections=2) as rt:
            await plan(rt.db, _polled(rt))
            await float_queries.plan_queries(rt.db, rt.providers)
            while True:
                try:
                    async with leading(rt.db) as leads:
                        while leads:
                            await _tick(rt)
                            await asyncio.sleep(_TICK_S)
                except (GatewayError, *AWAY) as away:
                    log.warning("no jobs are queued until the database is back", why=str(away))
                await asyncio.sleep(_TICK_S)
    finally:
        await jobs.close()


async def _tick(rt: Runtime) -> None:
    """Queue what is due. A step that must rest while phones wait would only wake a runner."""
    for bell in await due_jobs(rt.db, rt.clock.now()):
        if await may_run(rt, bell[0]):
            rt.jobs.enqueue(*bell)


def _polled(rt: Runtime) -> dict[str, float]:
    """Return the channels with providers that are polled for missed messages, and the intervals."""
    sides = ((name, channel.sms) for name, channel in rt.channels.items())
    return {name: sms.poll_s for name, sms in sides if isinstance(sms, Polls) and sms.poll_s}
