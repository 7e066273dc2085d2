"""When two turns met at one row: a short, growing, random pause, so that they do not meet again."""

import asyncio
import random

_PAUSE_S = 0.004


async def settle_down(attempt: int) -> None:
    """Nothing before the first try; then up to 4 ms, 8 ms, 16 ms ..."""
    if attempt:
        await asyncio.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311  # spreads, guards nothing
