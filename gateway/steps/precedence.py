"""What rests while phones have to wait: USSD steps come first, SMS and their replies second, everything else after."""

from gateway.runtime import Runtime

AFTER_PHONES = frozenset(
    {"adjust", "assign", "close", "compare_floats", "relearn", "score", "seal", "still_asking"}
)
"""Steps that may come later; the rows still say so, and the ticker rings for them again every second."""


async def may_run(rt: Runtime, step: str) -> bool:
    """Whether a step may run now."""
    return step not in AFTER_PHONES or not await rt.pressure.phones_wait()
