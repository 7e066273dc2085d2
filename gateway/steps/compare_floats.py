"""Once a day, what each operator that can be asked says it holds for us, against our books and what is in flight.

A difference stops nothing by itself: fees that only a statement tells look the same. It is told by `gateway doctor`.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.payments.port import TellsFloat
from gateway.runtime import Runtime
from gateway.store import floats

log = structlog.get_logger()

_ASK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Compared:
    """Minor units. What is in flight may have left already: so the operator may hold `least_minor` to `most_minor`."""

    told_minor: int
    least_minor: int
    most_minor: int

    @property
    def gap_minor(self) -> int:
        """Above zero: the operator holds more than our books can explain.

        >>> [Compared(told, 900, 1000).gap_minor for told in (899, 900, 1000, 1002)]
        [-1, 0, 0, 2]
        """
        return self.told_minor - min(max(self.told_minor, self.least_minor), self.most_minor)


async def compare_floats(rt: Runtime) -> int:
    """Compare those whose day is over; how many differ."""
    now, differ = rt.clock.now(), 0
    for provider in await floats.to_compare(rt.db, now):
        if not isinstance(rt.providers.get(provider), TellsFloat):
            await floats.compared(rt.db, provider, now, None)  # its statement says it
            continue
        found = await compare(rt, provider)
        if found is None:
            await floats.compared(rt.db, provider, now - floats.EACH + _ASK_AGAIN, None)
            continue
        await floats.compared(rt.db, provider, now, found.gap_minor)
        if found.gap_minor:
            differ += 1
            log.warning("the float differs", provider=provider, gap_minor=found.gap_minor)
    return differ


async def compare(rt: Runtime, provider: str) -> Compared | None:
    """Now; None where the operator cannot be asked, or did not say."""
    asked = rt.providers.get(provider)
    if not isinstance(asked, TellsFloat):
        return None
    # Money moves meanwhile: the books before and after the question say between what the answer must lie.
    sums = [await floats.held_and_flying(rt.db, provider)]
    told_minor = await asked.float_minor(rt.http)
    sums.append(await floats.held_and_flying(rt.db, provider))
    if told_minor is None:
        return None
    await floats.told(rt.db, provider, told_minor, rt.clock.now())
    return Compared(told_minor, min(h - f for h, f in sums), max(h for h, _ in sums))
