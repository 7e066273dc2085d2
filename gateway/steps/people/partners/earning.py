"""The price that a partner earns with an accepted answer of one of its workers."""

from gateway.base.ids import AssignmentId
from gateway.conversation.facts import Answered
from gateway.payments.ledger import partner_postings
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.db import Write
from gateway.store.people.partners import earnings
from gateway.store.turns.situation import TurnRow


async def partner_earning(
    rt: Runtime, row: TurnRow, batch: Batch, fact: Answered
) -> tuple[Write, ...]:
    """Return the write that pays the worker's partner in the commit of her answer.

    There is none in a batch without a partner's price, and none for a worker without a partner.
    """
    if not batch.partner_price_minor or row.partner_id is None:
        return ()
    booked = partner_postings.earn(
        AssignmentId(fact.assignment),
        batch.id,
        row.partner_id,
        batch.partner_price_minor,
        batch.currency,
    )
    credited = [await rt.accounts.get(posted.credit) for posted in booked]
    return (earnings.pay_partner(row.partner_id, booked, batch.hold_account, credited),)
