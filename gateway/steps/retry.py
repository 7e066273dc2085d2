"""The pause after two turns met at one row: short, growing and random.

They therefore do not meet again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.base.errors import Conflict

_PAUSE_S = 0.004
_TRIES = 8

T = TypeVar("T")


async def settle_down(attempt: int) -> None:
    """Wait: not before the first try, then up to 4 ms, 8 ms, 16 ms ..."""
    if attempt:
        await asyncio.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311  # spreads, guards nothing


async def until_settled(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, which is one transaction, and repeat it after conflicts.

    Raises Conflict after eight tries. Turns take their locks in one order, but a change of a whole
    batch meets many of them. Where PostgreSQL still finds a deadlock, it undoes one of the two
    transactions, which only has to start again.
    """
    for attempt in range(_TRIES - 1):
        await settle_down(attempt)
        try:
            return await work()
        except Conflict:
            continue
    await settle_down(_TRIES - 1)
    return await work()
