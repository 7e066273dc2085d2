"""Each hour, and every five minutes while payouts wait for it: what each operator that can be asked holds for us, against
our books and what is in flight.

A difference stops nothing by itself: fees that only a statement tells look the same. It is told by `gateway doctor`.
"""

import asyncio

from gateway.payments.port import AsksFloat, TellsFloat
from gateway.runtime import Runtime
from gateway.steps.float_questions import Compared, ask_later, books_minor, compared, told
from gateway.store import float_questions

ANSWER_S = 20.0
"""How long a person waits for who tells it later."""
_LOOK_S = 0.25


async def compare_floats(rt: Runtime) -> int:
    """Ask those whose turn it is; how many."""
    now = rt.clock.now()
    providers = await float_questions.claim(rt.db, now)
    for provider in providers:
        if not await _asked(rt, provider):
            await float_questions.again(rt.db, provider, now)
    return len(providers)


async def _asked(rt: Runtime, provider: str) -> bool:
    """False where it did not take the question."""
    asked = rt.providers.get(provider)
    if isinstance(asked, AsksFloat):
        return await ask_later(rt, provider, asked)
    if not isinstance(asked, TellsFloat):
        return True  # its statement says it
    found = await _compare(rt, provider, asked)
    if found is not None and not asked.float_is_shared:
        await compared(rt, provider, found)
    return found is not None


async def compare(rt: Runtime, provider: str) -> Compared | None:
    """Now; None where the operator cannot be asked for what is ours alone, or did not say within `ANSWER_S`."""
    asked = rt.providers.get(provider)
    if isinstance(asked, AsksFloat):
        return await _told_later(rt, provider) if await ask_later(rt, provider, asked) else None
    if not isinstance(asked, TellsFloat) or asked.float_is_shared:
        return None
    return await _compare(rt, provider, asked)


async def _compare(rt: Runtime, provider: str, asked: TellsFloat) -> Compared | None:
    # Money moves meanwhile: the books before and after the question say between what the answer
    # must lie.
    before = await books_minor(rt, provider)
    told_minor = await asked.float_minor(rt.http)
    after = await books_minor(rt, provider)
    if told_minor is None:
        return None
    await told(rt, provider, told_minor)
    return Compared(told_minor, min(before[0], after[0]), max(before[1], after[1]))


async def _told_later(rt: Runtime, provider: str) -> Compared | None:
    """The answer comes to whichever process serves the address; it is read where that one wrote it."""
    for _ in range(int(ANSWER_S / _LOOK_S)):
        found = await float_questions.latest(rt.db, provider)
        if found and found.told is not None:
            return Compared(found.told, found.least, found.most)
        await asyncio.sleep(_LOOK_S)
    return None
