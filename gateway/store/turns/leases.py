"""The leases of questions (see `store/sql/leases.sql`).

A lease begins when the message has arrived, and ends when the worker does not answer in time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.sms.port import Delivery, Receipt
from gateway.store.db import Database, translated

UNREACHED_FOR = timedelta(hours=6)
"""The time for which no question is pushed to a phone that the last one did not reach."""


async def reported(db: Database, channel: str, receipt: Receipt, at: datetime) -> None:
    """Apply a delivery report to the leases of the questions in its message.

    It starts them, or ends them at once if the delivery failed.
    """
    if receipt.delivery in (Delivery.DELIVERED, Delivery.FAILED):
        delivered = receipt.delivery is Delivery.DELIVERED
        with translated():
            await db.execute(
                "select prompt_reported(p_channel => $1, p_provider_id => $2, p_delivered => $3, p_at => $4, p_quiet => $5)",
                channel,
                receipt.provider_id,
                delivered,
                at,
                UNREACHED_FOR,
            )


async def refused(db: Database, messages: Sequence[int], at: datetime) -> None:
    """Free the questions of messages that will never be sent, message by message."""
    for message in messages:
        with translated():
            await db.execute(
                """select prompt_failed(worker_id, created_at, $2, $3) from outbox
                   where id = $1 and state = 'refused' and purpose in ('question', 'reply')""",
                message,
                at,
                UNREACHED_FOR,
            )


async def lapse(db: Database, now: datetime, grace: timedelta, limit: int) -> None:
    """Free the questions that were not answered in time."""
    with translated():
        await db.execute(
            "select lapse_leases(p_now => $1, p_grace => $2, p_limit => $3)", now, grace, limit
        )
