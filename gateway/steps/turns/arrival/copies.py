"""An SMS that may be a copy of another.

It is kept before it is processed, or kept as done without effect.
"""

from datetime import timedelta

from gateway.steps.runtime import Runtime
from gateway.steps.turns.arrival.sms_identity import COPIES_WITHIN
from gateway.store.turns import inbox, turns
from gateway.store.turns.situation import TurnRow

# When a process dies over an SMS that it kept first, a runner processes it after this time.
_HEARD_WITHIN = timedelta(seconds=30)
_UNDER_ANOTHER_ID = (
    "the same message (phone, text, provider's time) as one under another id: it counts once"
)


async def keep_undated(rt: Runtime, event: turns.InboundEvent, undated: str, raw: bytes) -> bool:
    """Keep an SMS without id and time before it is processed; return False where it is a copy.

    A copy that arrives later then finds it.
    """
    sealed, due = rt.vault.seal_body(raw), rt.clock.now() + _HEARD_WITHIN
    return await inbox.keep_undated(rt.db, event, undated, sealed, COPIES_WITHIN, due)


async def keep_known(rt: Runtime, event: turns.InboundEvent, row: TurnRow) -> None:
    """Keep an SMS that was processed under another id as done, so that an operator sees it."""
    if row.known_as:
        remark = _UNDER_ANOTHER_ID if row.known_as == "twin" else None
        await inbox.keep_copy(rt.db, event, remark)
