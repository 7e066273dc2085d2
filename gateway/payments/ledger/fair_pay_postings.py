"""The ledger's postings of fair pay: refunded SMS, top-ups, bonuses and referral rewards.

The id of a posting derives from its cause, as in `postings`.

>>> p = refund_sms("at", "sms-1", WorkerId(42), 100, "KES")
>>> str(p.debit), str(p.credit), p.code.name
('fee_expense::KES', 'worker_payable:42:KES', 'SMS_REFUND')
"""

from gateway.base.ids import BatchId, ClientId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Code, Posting, posting


def refund_sms(
    channel: str, event_id: str, worker: WorkerId, amount_minor: int, currency: str
) -> Posting:
    """Give the worker back what she paid for an SMS, once per inbound event."""
    return posting(Code.SMS_REFUND, (channel, event_id), "", str(worker), amount_minor, currency)


def floor_top_up(
    batch: BatchId, worker: WorkerId, amount_minor: int, currency: str, *, rounds: int = 0
) -> Posting:
    """Raise a worker's pay of a batch to the living-wage floor.

    She is paid once per worker, batch and round: `rounds` counts how often it was opened again.
    """
    cause = (batch, worker, rounds) if rounds else (batch, worker)
    return posting(Code.FLOOR_TOP_UP, cause, batch, str(worker), amount_minor, currency)


def bonus_reserve(
    client: ClientId, batch: BatchId, bonus: int, amount_minor: int, currency: str
) -> Posting:
    """Move the money of a client's bonus into the hold of the batch, once per bonus."""
    return posting(Code.BONUS_RESERVE, (bonus,), client, batch, amount_minor, currency)


def client_bonus(
    batch: BatchId, worker: WorkerId, bonus: int, amount_minor: int, currency: str
) -> Posting:
    """Pay a client's bonus to a worker, once per bonus."""
    return posting(Code.CLIENT_BONUS, (bonus,), batch, str(worker), amount_minor, currency)


def referral(referrer: WorkerId, referred: WorkerId, amount_minor: int, currency: str) -> Posting:
    """Reward a worker for a worker whom she brought, once per referred worker."""
    return posting(Code.REFERRAL, (referred,), "", str(referrer), amount_minor, currency)
