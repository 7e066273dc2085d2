"""The way in which one worker can be paid now, or the reason why she cannot."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.base.deductions import Deductions, Withdrawal
from gateway.base.errors import OtherKey
from gateway.base.money import amount_text
from gateway.payments.cashout import payable
from gateway.payments.holding import most_at_once
from gateway.payments.port import PayoutProvider
from gateway.steps.payouts.routes import airtime_for, provider_for
from gateway.steps.payouts.withholdings import deductions
from gateway.steps.runtime import Runtime
from gateway.store.payouts import wind_down
from gateway.store.payouts.wind_down import OwedWorker

RETRY = timedelta(hours=3)
"""The time after which a refused payout is tried again. Some operators call a payment failed and
make it later, and the statement shows that before the worker is paid a second time.
"""
TRIES_MAX = 2
"""The payouts to one worker that may fail for her own number before she counts as not reached."""
_PAGE = 500
NOTHING = Withdrawal(0)
ON_ITS_WAY = "a payout of hers is under way"
TRIED = "her payout failed"


@dataclass(frozen=True, slots=True)
class WorkerDue:
    """A worker with the payout that can be made to her now.

    `provider` is "" where none can, and `why_not` then says why.
    """

    owed: OwedWorker
    msisdn: str = ""
    provider: str = ""
    withdrawal: Withdrawal = NOTHING
    why_not: str = ""
    too_small: bool = False
    """True when the only reason is that the provider sends no amount as small as hers."""

    @property
    def reachable(self) -> bool:
        return bool(self.provider)


async def dues(rt: Runtime) -> AsyncGenerator[WorkerDue]:
    """Yield every worker to whom money is owed, page by page."""
    last = 0
    while page := await wind_down.owed_after(rt.db, last, _PAGE):
        last = page[-1].worker
        for owed in page:
            yield await due(rt, owed)


async def due(rt: Runtime, owed: OwedWorker) -> WorkerDue:
    """Return the payout of all that can be paid to a worker now."""
    try:
        msisdn = rt.vault.open(owed.msisdn_sealed)
    except OtherKey:
        return WorkerDue(owed, why_not="her number was sealed with another secret key")
    if why := _obstacle(owed, rt.clock.now()):
        return WorkerDue(owed, msisdn, why_not=why)
    ways = (provider_for(rt, msisdn, owed.currency), airtime_for(rt, msisdn, owed.currency))
    least_minor = [rt.providers[name].minimum_minor for name in ways if name]
    if not least_minor:
        why = f"no provider in the settings pays {owed.currency} to her number"
        return WorkerDue(owed, msisdn, why_not=why)
    taken = await deductions(rt, owed.worker, msisdn, owed.currency, ways)
    for provider, less in zip(ways, taken, strict=True):
        if provider is None:
            continue
        found = _withdrawal(rt, owed, rt.providers[provider], less)
        if found.amount_minor >= rt.providers[provider].minimum_minor:
            return WorkerDue(owed, msisdn, provider, found)
    least = amount_text(min(least_minor), owed.currency)
    less = f"less than the provider's minimum of {least}"
    why = f"the rest after her payout, {less}" if owed.paid else less
    return WorkerDue(owed, msisdn, why_not=why, too_small=True)


def _obstacle(owed: OwedWorker, now: datetime) -> str:
    if owed.open_ref is not None:
        return f"{ON_ITS_WAY}: {owed.open_ref}, {owed.open_state}"
    if owed.number_lost:
        return "her number belongs to another person, and she has no new one"
    if owed.refused >= TRIES_MAX:
        reason = owed.reason or "no reason"
        return f"the provider refused her number {owed.refused} times: {reason}"
    if owed.tried_at is not None and now < owed.tried_at + RETRY:
        return f"{TRIED}, and is tried again after {owed.tried_at + RETRY:%d/%m %H:%M} UTC"
    return ""


def _withdrawal(
    rt: Runtime, owed: OwedWorker, provider: PayoutProvider, less: Deductions | None
) -> Withdrawal:
    least, most = provider.minimum_minor, provider.maximum_minor
    most = most_at_once(rt.settings.controls, owed.currency, most)
    if less is not None:
        return less.withdrawal(min(owed.balance_minor, most))
    return Withdrawal(payable(owed.balance_minor, owed.currency, least, most))
