"""The list of what is owed to workers who could not be reached.

Their balances stay in the ledger.
"""

from collections.abc import AsyncGenerator

from gateway.base.money import MINOR_DIGITS, minor_per_major
from gateway.steps.payouts.winding.dues import dues
from gateway.steps.payouts.winding.plan import state_of
from gateway.steps.runtime import Runtime

COLUMNS = ("worker", "name", "phone", "amount", "currency", "coordinator", "reason")


async def owed_rows(rt: Runtime, *, numbers: bool) -> AsyncGenerator[tuple[str, ...]]:
    """Yield one row per worker who is still owed money that no payout can bring her now.

    With `numbers` the rows hold whole phone numbers, which are needed to find the workers.
    """
    await state_of(rt)
    async for one in dues(rt):
        if one.reachable or not one.owed.balance_minor:
            continue
        owed = one.owed
        major = owed.balance_minor / minor_per_major(owed.currency)
        yield (
            str(owed.worker),
            owed.name,
            one.msisdn if numbers else f"..{one.msisdn[-3:]}" if one.msisdn else "",
            f"{major:.{MINOR_DIGITS[owed.currency]}f}",
            owed.currency,
            str(owed.coordinator or ""),
            one.why_not,
        )
