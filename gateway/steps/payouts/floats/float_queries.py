"""The float that a provider reports: at once or later as an answer, or with a payment's result.

It decides when payouts wait and go on, and it is compared with the gateway's books. No money moves
by it. A provider that answers later (Daraja) is asked on two secret paths of the question's own.
Only its newest question counts, and only if it is answered once and soon.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from gateway.base.ids import secret_path
from gateway.payments.control import FLOAT_FRESH
from gateway.payments.port import AsksFloat, SubmitOutcome
from gateway.steps.runtime import Runtime
from gateway.store.payouts import float_queries, floats

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FloatComparison:
    """A comparison of a provider's float with the books, in minor units.

    The money in flight may have left already, so the provider may hold `least_minor` to
    `most_minor`.
    """

    told_minor: int
    least_minor: int
    most_minor: int

    @property
    def gap_minor(self) -> int:
        """Return the gap; above zero the provider holds more than the books can explain.

        >>> [FloatComparison(told, 900, 1000).gap_minor for told in (899, 900, 1000, 1002)]
        [-1, 0, 0, 2]
        """
        return self.told_minor - min(max(self.told_minor, self.least_minor), self.most_minor)

    @property
    def sure_gap_minor(self) -> int | None:
        """Return the gap, or None where it may only be the fees of the money in flight.

        Those fees are reported with its settlement.

        >>> [FloatComparison(told, 900, 1000).sure_gap_minor for told in (799, 800, 950, 1002)]
        [-101, None, 0, 2]
        """
        in_flight_minor = self.most_minor - self.least_minor
        return None if 0 < -self.gap_minor <= in_flight_minor else self.gap_minor


async def record_reported_float(rt: Runtime, provider: str, float_minor: int) -> None:
    """Record the provider's current float; payouts that waited for it go on."""
    now = rt.clock.now()
    await floats.store_reported_float(rt.db, provider, float_minor, now)
    await _wake(rt, provider, float_minor)


async def ask_later(rt: Runtime, provider: str, asked: AsksFloat) -> bool:
    """Ask a provider that answers later; return True if it accepted the question.

    The question is kept before the first byte is sent.
    """
    result, timeout = secret_path(), secret_path()
    await float_queries.store_query(
        rt.db, provider, result, timeout, rt.clock.now(), await books_minor(rt, provider)
    )
    hook = f"{rt.hooks_url}/hooks/p"
    answer = await asked.ask_float(
        rt.http, f"{hook}/{result.get_secret_value()}", f"{hook}/{timeout.get_secret_value()}"
    )
    if answer.outcome is not SubmitOutcome.ACCEPTED:
        log.warning("the float cannot be asked for", provider=provider, code=answer.code)
    return answer.outcome is SubmitOutcome.ACCEPTED


async def float_called_back(
    rt: Runtime, token: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Process a provider's call on a question's path.

    Return False when the path belongs to no question.
    """
    question = await float_queries.by_token(rt.db, token)
    if question is None or question.provider not in rt.providers:
        return False
    status = rt.providers[question.provider].parse_callback(body, headers)
    if not question.is_answer or status.float_minor is None:
        # This is a time-out notice, or a question that failed, for example because the initiator
        # may not ask it.
        log.warning("the provider reported no float", provider=question.provider, code=status.code)
        return True
    if rt.clock.now() - question.asked_at > FLOAT_FRESH:
        return True  # The answer is outdated.
    found = await float_queries.store_answer(
        rt.db,
        token,
        status.float_minor - status.owed_minor,
        await books_minor(rt, question.provider),
    )
    if found is None:
        return True
    # The answer is certain for the time of the question. Payouts released since then count as gone,
    # and newer answers stand.
    await floats.store_reported_float(
        rt.db, question.provider, status.float_minor, question.asked_at
    )
    await _wake(rt, question.provider, status.float_minor)
    assert found.told is not None
    await record_gap(rt, question.provider, FloatComparison(found.told, found.least, found.most))
    return True


async def books_minor(rt: Runtime, provider: str) -> tuple[int, int]:
    """Return the least and the most that the provider holds by the gateway's books.

    The least assumes that all money in flight has left, and the most that none has.
    """
    held, flying = await floats.held_and_flying(rt.db, provider)
    return held - flying, held


async def record_gap(rt: Runtime, provider: str, found: FloatComparison) -> None:
    """Record the gap between float and books, for `gateway doctor`."""
    gap = found.sure_gap_minor
    await floats.store_comparison(rt.db, provider, rt.clock.now(), gap)
    if gap:
        log.warning("the float differs", provider=provider, gap_minor=gap)


async def _wake(rt: Runtime, provider: str, float_minor: int) -> None:
    if await float_queries.wake(rt.db, provider, float_minor, rt.clock.now()):
        rt.jobs.enqueue("disburse")
