"""The comparison of each provider's float with the gateway's books and the payouts in flight.

It happens each hour, and every five minutes while payouts wait for it, for each provider that can
be asked. A difference alone stops nothing, because fees that only a statement shows look the same.
`gateway doctor` reports it.
"""

import asyncio

from gateway.payments.port import AsksFloat, TellsFloat
from gateway.steps.payouts.floats.float_queries import (
    FloatComparison,
    ask_later,
    books_minor,
    record_gap,
    record_reported_float,
)
from gateway.steps.runtime import Runtime
from gateway.store.payouts import float_queries

ANSWER_S = 20.0
"""The seconds that a caller waits for a provider that answers later."""
_LOOK_S = 0.25


async def compare_floats(rt: Runtime) -> int:
    """Ask the providers whose turn it is, and return their number."""
    now = rt.clock.now()
    providers = await float_queries.claim_queries(rt.db, now)
    for provider in providers:
        if not await _asked(rt, provider):
            await float_queries.retry_query(rt.db, provider, now)
    return len(providers)


async def _asked(rt: Runtime, provider: str) -> bool:
    """Ask one provider; return False where it did not accept the question."""
    asked = rt.providers.get(provider)
    if isinstance(asked, AsksFloat):
        return await ask_later(rt, provider, asked)
    if not isinstance(asked, TellsFloat):
        return True  # The provider's statement names the float.
    found = await _compare(rt, provider, asked)
    if found is not None and not asked.float_is_shared:
        await record_gap(rt, provider, found)
    return found is not None


async def compare_float(rt: Runtime, provider: str) -> FloatComparison | None:
    """Compare a provider's float now.

    Return None where the provider cannot be asked for the gateway's own float, or gave no answer
    within `ANSWER_S`.
    """
    asked = rt.providers.get(provider)
    if isinstance(asked, AsksFloat):
        return await _told_later(rt, provider) if await ask_later(rt, provider, asked) else None
    if not isinstance(asked, TellsFloat) or asked.float_is_shared:
        return None
    return await _compare(rt, provider, asked)


async def _compare(rt: Runtime, provider: str, asked: TellsFloat) -> FloatComparison | None:
    # Money moves meanwhile: the books before and after the question are the bounds of the answer.
    before = await books_minor(rt, provider)
    told_minor = await asked.float_minor(rt.http)
    after = await books_minor(rt, provider)
    if told_minor is None:
        return None
    await record_reported_float(rt, provider, told_minor)
    return FloatComparison(told_minor, min(before[0], after[0]), max(before[1], after[1]))


async def _told_later(rt: Runtime, provider: str) -> FloatComparison | None:
    """Wait for an answer that any process may receive, and read it from the database."""
    for _ in range(int(ANSWER_S / _LOOK_S)):
        found = await float_queries.latest(rt.db, provider)
        if found and found.told is not None:
            return FloatComparison(found.told, found.least, found.most)
        await asyncio.sleep(_LOOK_S)
    return None
