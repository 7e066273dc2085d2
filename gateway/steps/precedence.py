"""The order of work while phones have to wait: USSD steps first, SMS and their replies second.

Everything else comes after these.
"""

import asyncio

from gateway.steps.runtime import Runtime

_REST_S, _RESTS_MAX = 1.0, 60
AFTER_PHONES = frozenset(
    {
        "adjust",
        "advance_projects",
        "appeals",
        "arrivals",
        "assign",
        "call_webhooks",
        "close",
        "compare_floats",
        "correct_partners",
        "count",
        "deadlines",
        "end_pilots",
        "publish_events",
        "pay_referrals",
        "refund",
        "even_work",
        "file_jobs",
        "relearn",
        "score",
        "seal",
        "settle_pay",
        "still_asking",
        "weekly",
        "weigh",
    }
)
"""The steps that may come later. The rows still name them, and the ticker enqueues them again every
second.
"""


async def may_run(rt: Runtime, step: str) -> bool:
    """Return True if a step may run now."""
    return step not in AFTER_PHONES or not await rt.pressure.phones_wait()


async def wait_for_phones(rt: Runtime) -> None:
    """Rest between two slices of heavy work while phones have to wait.

    The rest lasts a minute at most, because the work must end.
    """
    for _ in range(_RESTS_MAX):
        if not await rt.pressure.phones_wait():
            return
        await asyncio.sleep(_REST_S)
