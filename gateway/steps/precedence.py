"""What rests while phones have to wait: USSD steps come first, SMS and their replies second, everything else after."""

import asyncio

from gateway.runtime import Runtime

_REST_S, _RESTS_MAX = 1.0, 60
AFTER_PHONES = frozenset(
    {
        "adjust",
        "assign",
        "close",
        "compare_floats",
        "count",
        "relearn",
        "score",
        "seal",
        "still_asking",
    }
)
"""Steps that may come later; the rows still say so, and the ticker rings for them again every
second.
"""


async def may_run(rt: Runtime, step: str) -> bool:
    """Whether a step may run now."""
    return step not in AFTER_PHONES or not await rt.pressure.phones_wait()


async def wait_for_phones(rt: Runtime) -> None:
    """Rest between two slices of heavy work while phones have to wait, but for a minute at most: it must end some day."""
    for _ in range(_RESTS_MAX):
        if not await rt.pressure.phones_wait():
            return
        await asyncio.sleep(_REST_S)
