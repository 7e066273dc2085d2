"""The job that refunds the SMS of workers, in parts, some minutes after they were answered.

An answer turn has no part of it. Each part is a commit, and an SMS is refunded once in any case.
"""

from datetime import timedelta

import structlog

from gateway.base.errors import OtherKey
from gateway.steps.payouts.fair_pay.refunds import PaidSms, refund_part
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import refunds

log = structlog.get_logger()

_EVENTS_AT_ONCE = 500
_EVERY = timedelta(minutes=5)
_PARTS_MAX = 200
"""The parts of one run. The next run continues, so no run lasts for long."""


async def refund_round(rt: Runtime) -> int:
    """Refund the SMS that were answered since the last round, and return their number."""
    refunded = 0
    for part in range(_PARTS_MAX):
        some, more = await until_settled(lambda last=part == _PARTS_MAX - 1: _part(rt, last=last))
        refunded += some
        if not more:
            break
    if refunded:
        log.info("sms refunded", number=refunded)
    return refunded


async def _part(rt: Runtime, *, last: bool) -> tuple[int, bool]:
    """Refund one part, and return the number of refunds and whether there may be more."""
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        began = await refunds.upto(db)
        end = await refunds.next_events(db, began, now, _EVENTS_AT_ONCE)
        made = 0
        if end > began and any(channel.refund for channel in rt.channels.values()):
            parts = list[Write]()
            for sms in await refunds.answered_sms(db, began, end):
                part = await _refund(rt, sms)
                parts += [part] if part else []
            made = await refunds.refund_all(db, parts)
        goes_on = end > began
        await refunds.looked_at(db, end, now if goes_on and last else now + _EVERY)
    return made, goes_on


async def _refund(rt: Runtime, sms: refunds.AnsweredSms) -> Write | None:
    try:
        msisdn = rt.vault.open(sms.sealed)
    except OtherKey:
        log.warning("no refund: the number was sealed with another key", worker=sms.worker)
        return None
    return await refund_part(
        rt,
        PaidSms(
            sms.channel, sms.event_id, sms.worker, sms.account, sms.currency, msisdn, sms.came_at
        ),
    )
