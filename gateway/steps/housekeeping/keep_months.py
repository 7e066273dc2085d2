"""The monthly upkeep of tables: the next months' parts are made early, expired keys deleted."""

from gateway.steps.runtime import Runtime
from gateway.store.retention import months

_SLICES = 20


async def keep_months(rt: Runtime) -> None:
    """Make the parts of the months that are missing, and delete some slices of old keys.

    The ticker enqueues this job again.
    """
    await months.make(rt.db)
    for _ in range(_SLICES):
        if not await months.forget_keys(rt.db):
            return
