"""The refunds of SMS: one transfer per inbound event, and the number of each day."""

from datetime import UTC, datetime

from gateway.base.ids import AccountId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import Write


def refund(
    worker: WorkerId,
    came_at: datetime,
    most: int,
    posted: Posting,
    accounts: tuple[AccountId, AccountId],
) -> Write:
    """Return the write of one refund, unless `most` SMS of the worker's day were refunded.

    `accounts` are the debited and the credited one. The write returns whether it was refunded now.
    """
    debit, credit = accounts
    return Write(
        "refund_sms",
        {
            "worker": worker,
            "day": came_at.astimezone(UTC).date(),
            "most": most,
            "transfer": posted.id,
            "debit": debit,
            "credit": credit,
            "amount": posted.amount_minor,
            "currency": posted.currency,
            "code": int(posted.code),
            "cause": posted.cause,
        },
    )
