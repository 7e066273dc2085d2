"""Delivery reports: they are ranked, so that a late report never undoes a newer one.

An early report waits for its message.
"""

import structlog

from gateway.base.errors import OtherKey, Refused
from gateway.base.forms import fields
from gateway.sms.port import Delivery, Receipt
from gateway.steps.messages import contact_hours
from gateway.steps.messages.origins import origin
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Channel, Runtime
from gateway.store.messages import outbox, prompts
from gateway.store.turns import inbox, leases
from gateway.store.turns.inbox import StoredReceipt

log = structlog.get_logger()

_AT_ONCE = 200


def receipt_id(receipt: Receipt) -> str:
    """Return the identity of a report, because providers give reports no id of their own."""
    return f"{receipt.provider_id}:{receipt.raw_status}"


async def take_receipt(rt: Runtime, channel: Channel, receipt: Receipt, raw: bytes) -> None:
    """Process one report.

    A report can come before the answer to the send itself: then it waits in the inbox.
    """
    event_id = receipt_id(receipt)
    if not await _taken(rt, channel, receipt):
        await inbox.keep_event(rt.db, rt.vault, channel.name, "receipt", event_id, raw)


async def retry_waiting_receipts(rt: Runtime) -> int:
    """Try early reports again, each after a longer time.

    Return the number of reports that found their message. After a day they are given up, and stay
    visible.
    """
    found = 0
    for row in await inbox.claim_receipts(rt.db, rt.clock.now(), _AT_ONCE):
        try:
            found += await _retried(rt, row)
        except (OtherKey, Refused) as why:
            log.warning("a report cannot be read", channel=row.channel, why=str(why))
            await inbox.mark_failed(rt.db, row.id, str(why))
    return found


async def _retried(rt: Runtime, row: StoredReceipt) -> bool:
    channel = rt.channels.get(row.channel)
    if channel is None or channel.sms is None:
        return False
    receipt = channel.sms.parse_receipt(fields(rt.vault.open_body(row.body_sealed)))
    if not await _taken(rt, channel, receipt):
        return False
    await inbox.done(rt.db, channel.name, "receipt", row.event_id)
    return True


async def _taken(rt: Runtime, channel: Channel, receipt: Receipt) -> bool:
    """Record a report with all its consequences.

    Return False when its message does not exist (yet).
    """
    message = await outbox.store_receipt(rt.db, channel.name, receipt)
    if message is None:
        return False
    log.info(
        "receipt taken",
        channel=channel.name,
        message=message["message"],
        delivery=receipt.delivery and str(receipt.delivery),
        **origin(message["cause"], message["payout"]),
    )
    await _leases(rt, channel, receipt)
    await contact_hours.note_phone(rt, channel, receipt)
    if receipt.opted_out:
        index = await prompts.number_of(rt.db, channel.name, receipt.provider_id)
        if index:
            await outbox.opt_out(rt.db, index, channel.name, receipt.reason or "receipt")
    return True


async def _leases(rt: Runtime, channel: Channel, receipt: Receipt) -> None:
    """Start the lease of a question that arrived.

    A question that did not arrive is free for another worker at once.
    """
    at = rt.clock.now()
    await until_settled(lambda: leases.reported(rt.db, channel.name, receipt, at))
    if receipt.delivery is Delivery.FAILED:
        rt.jobs.enqueue("assign")
