"""The refund of SMS that workers paid for.

A worker's SMS is refunded once: the id of the transfer derives from the inbound event. Nothing is
refunded where the settings name no price (`reply` of the country), where the channel switches
refunds off, and above the limit of a day.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from gateway.base.ids import AccountId, WorkerId
from gateway.payments.ledger import fair_pay_postings
from gateway.sms.prices import minor
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Database, Write
from gateway.store.payouts import refunds


@dataclass(frozen=True, slots=True)
class PaidSms:
    """An SMS that a worker sent and paid for."""

    channel: str
    """The channel on which it came."""
    event_id: str
    """The id of the inbound event (`InboundEvent.event_id`)."""
    worker: WorkerId
    """The worker."""
    account: AccountId
    """The worker's account."""
    currency: str
    """The currency of the account."""
    msisdn: str
    """The open number, which tells the network."""
    came_at: datetime
    """The time at which it came."""


def price_minor(rt: Runtime, channel: str, msisdn: str, currency: str) -> int:
    """Return the price of one SMS from this number in minor units, rounded up.

    It is 0 where nothing is refunded: the channel does not refund, no price is set, or the price is
    in another currency than the worker's account.
    """
    known = rt.channels.get(channel)
    price = known.prices.reply_price(msisdn) if known and known.refund else None
    if price is None or price.currency != currency:
        return 0
    return ceil(minor(price.micro, price.currency))


async def refund_part(rt: Runtime, sms: PaidSms) -> Write | None:
    """Return the write that refunds an SMS, or None where nothing is refunded.

    It is a part of the caller's commit.
    """
    amount = price_minor(rt, sms.channel, sms.msisdn, sms.currency)
    if not amount:
        return None
    posted = fair_pay_postings.refund_sms(
        sms.channel, sms.event_id, sms.worker, amount, sms.currency
    )
    house = await rt.accounts.get(posted.debit)
    most = rt.settings.fair_pay.refunds_per_day
    return refunds.refund(sms.worker, sms.came_at, most, posted, (house, sms.account))


async def refund_sms(rt: Runtime, db: Connection | Database, sms: PaidSms) -> bool:
    """Refund an SMS, and return whether it was refunded now."""
    part = await refund_part(rt, sms)
    if part is None:
        return False
    return bool((await db.write([part]))["refund_sms"])
