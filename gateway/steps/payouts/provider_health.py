"""The health of a payout provider.

While a provider is silent, one payout per minute is asked about. With its first answer all open
payouts are asked about. Where the outcome of too many payments is unknown, nothing more is sent
until the provider answers. After a crash the payouts in flight are settled before anything is sent.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog

from gateway.payments.control import FLOAT_FRESH
from gateway.payments.payout import Happened, Hinted, StatusAnswered, SubmitAnswered
from gateway.payments.port import PaymentStatus, SubmitOutcome, TellsFloat
from gateway.payments.states import PayoutEvent
from gateway.steps.payouts.floats.float_queries import record_reported_float
from gateway.steps.runtime import Runtime
from gateway.store.payouts import floats, payouts, provider_health
from gateway.store.payouts.payouts import Stored

log = structlog.get_logger()

_STOP_H = timedelta(hours=1)


async def start_sending(rt: Runtime) -> None:
    """Prepare a runner that starts, perhaps after a crash: settle first, then send.

    Nothing is sent while the books do not agree.
    """
    now = rt.clock.now()
    flying = await provider_health.settle_first(rt.db, now)
    if flying:
        log.info(
            "payouts were in flight: they are asked about before anything is sent", payouts=flying
        )
        rt.jobs.enqueue("disburse")
    booked, open_minor = await provider_health.in_transit(rt.db)
    if booked != open_minor:
        log.error("the ledger and the open payouts differ", booked=booked, open=open_minor)
        why = f"in transit {booked}, open payouts {open_minor}: gateway ledger audit"
        for provider in rt.providers:
            await payouts.pause(rt.db, provider, now + _STOP_H, why)


async def ask_floats(rt: Runtime, providers: Iterable[str]) -> None:
    """Ask these providers for their float before a run.

    A provider that reported it lately or cannot be asked is left out.
    """
    asked = {n: p for n in providers if isinstance(p := rt.providers[n], TellsFloat)}
    if not asked:
        return
    now = rt.clock.now()
    lately = await floats.told_since(rt.db, now - FLOAT_FRESH / 3)
    for name, provider in asked.items():
        if name not in lately and (minor := await provider.float_minor(rt.http)) is not None:
            await record_reported_float(rt, name, minor)


async def heed(rt: Runtime, heard: Sequence[tuple[Stored, Happened]]) -> None:
    """Update the health of the providers from the answers that came or did not come."""
    for stored, what in heard:
        if isinstance(what, StatusAnswered | Hinted) and what.status.float_minor is not None:
            await record_reported_float(rt, stored.payout.provider, what.status.float_minor)
    for provider in sorted({stored.payout.provider for stored, _ in heard}):
        said = [what for stored, what in heard if stored.payout.provider == provider]
        now = rt.clock.now()
        if any(map(_speaks, said)):
            asked = await provider_health.heard(rt.db, provider, now)
            if asked:
                log.info("the provider answers again", provider=provider, asked=asked)
                rt.jobs.enqueue("disburse")
        elif any(map(_is_silent, said)):
            await provider_health.silent(rt.db, provider, now)
        if any(map(_is_unknown, said)):
            await _stop_at_too_many(rt, provider)


async def _stop_at_too_many(rt: Runtime, provider: str) -> None:
    rules = rt.settings.controls
    sent, unknown = await provider_health.recent_outcomes(rt.db, provider)
    if unknown < rules.unknown_least or unknown <= rules.unknown_share * sent:
        return
    reason = f"the outcome of {unknown} of the last {sent} payments is unknown"
    log.error("sending stops until the operator answers", provider=provider, reason=reason)
    await provider_health.stop_provider(rt.db, provider, rt.clock.now(), reason)


def _speaks(what: Happened) -> bool:
    """Return True for an answer that reports a payment.

    The mere acceptance of a question (PENDING without a key) reports none.
    """
    match what:
        case SubmitAnswered(answer):
            return answer.outcome in (
                SubmitOutcome.ACCEPTED,
                SubmitOutcome.DUPLICATE,
                SubmitOutcome.REJECTED,
            )
        case StatusAnswered(status):
            pending = status.found is PaymentStatus.PENDING and status.key is None
            return status.found is not PaymentStatus.NO_ANSWER and not pending
        case _:
            return False


def _is_silent(what: Happened) -> bool:
    return _is_unknown(what) or (
        isinstance(what, StatusAnswered) and what.status.found is PaymentStatus.NO_ANSWER
    )


def _is_unknown(what: Happened) -> bool:
    lost = isinstance(what, SubmitAnswered) and what.answer.outcome is SubmitOutcome.AMBIGUOUS
    return lost or what is PayoutEvent.LEASE_EXPIRED
