"""Leases of questions: they start when the message arrived, and end when nobody answers (see `sql/leases.sql`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.sms.port import Delivery, Receipt
from gateway.store.db import Database, translated

UNREACHED_FOR = timedelta(hours=6)
"""How long nothing is pushed to a phone that a question did not reach."""


async def reported(db: Database, channel: str, receipt: Receipt, at: datetime) -> None:
    """A delivery report starts the leases of the questions in its message, or ends them at once when it failed."""
    if receipt.delivery in (Delivery.DELIVERED, Delivery.FAILED):
        delivered = receipt.delivery is Delivery.DELIVERED
        with translated():
            await db.execute(
                "select prompt_reported($1, $2, $3, $4, $5)",
                channel,
                receipt.provider_id,
                delivered,
                at,
                UNREACHED_FOR,
            )


async def refused(db: Database, messages: Sequence[int], at: datetime) -> None:
    """Messages that will never go out: their questions are free for others, message by message."""
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
    """Free the questions nobody answered in time."""
    with translated():
        await db.execute("select lapse_leases($1, $2, $3)", now, grace, limit)
