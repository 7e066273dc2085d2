"""Month after month: makes the next months' parts ahead of time, and forgets keys whose time is over."""

from gateway.runtime import Runtime
from gateway.store import months

_SLICES = 20


async def keep_months(rt: Runtime) -> None:
    """Make the parts of the months that are missing, and forget some slices of old keys; the ticker rings again."""
    await months.make(rt.db)
    for _ in range(_SLICES):
        if not await months.forget_keys(rt.db):
            return
