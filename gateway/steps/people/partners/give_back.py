"""The job that gives partners' prices back, where the answer of a worker was found to be wrong.

A worker's adjustment that stands takes the price of her answer from her partner, too: the partner
was paid for answers that are accepted. The money goes back to the batch, and on to its client when
the batch is over. Nothing is taken that stands on an invoice or was paid, or while the worker's
appeal waits. An adjustment that is void gives the partner its price again.
"""

from gateway.base.ids import derived_id
from gateway.payments.ledger import partner_postings, postings
from gateway.steps.people.partners.money import post, settle
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people.partners import corrections, profiles
from gateway.store.people.partners.corrections import OwedToPartner

_AT_ONCE = 200


async def correct_partners(rt: Runtime) -> int:
    """Open the corrections of new standing adjustments and collect what can be collected.

    Return the number of adjustments that were looked at.
    """
    looked = 0
    while some := await until_settled(lambda: _open_some(rt)):
        looked += some
    for adjustment, correction in await corrections.to_end(rt.db, _AT_ONCE):
        await until_settled(lambda a=adjustment, c=correction: _end(rt, a, c))
    for partner, currency in await corrections.debtors(rt.db):
        await until_settled(lambda p=partner, c=currency: _collect(rt, p, c))
    return looked


async def _open_some(rt: Runtime) -> int:
    async with rt.db.transaction() as db:
        found = await corrections.not_looked_at(db, _AT_ONCE)
        for one in found:
            causes = ("partner_earn", "partner_reinvest")
            paid = [derived_id(cause, one.assignment) for cause in causes]
            price = await corrections.paid_price(db, paid)
            if price is not None:
                await corrections.open_correction(db, one, price)
        await corrections.looked_at(db, [one.adjustment for one in found])
        return len(found)


async def _collect(rt: Runtime, partner: int, currency: str) -> None:
    async with rt.db.transaction() as db:
        await profiles.lock_by_id(db, partner)
        await settle(rt, db, partner, currency)


async def _end(rt: Runtime, adjustment: int, correction: int | None) -> None:
    """End the correction of an adjustment that does not stand any more, if it caused one.

    What was taken is paid again. Where the client has not enough, the next run tries again.
    """
    async with rt.db.transaction() as db:
        owed = await corrections.owed_to_partner(db, correction) if correction else None
        if owed:
            if owed.is_over and owed.available_minor < owed.amount_minor:
                return
            if owed.amount_minor:
                await _restore(rt, db, owed)
            await corrections.end(db, owed.correction, owed.amount_minor)
        await corrections.looked_at(db, [adjustment])


async def _restore(rt: Runtime, db: Connection, owed: OwedToPartner) -> None:
    if owed.is_over:
        again = postings.reserve_again(
            owed.client,
            owed.batch,
            f"correction:{owed.correction}",
            owed.amount_minor,
            owed.currency,
        )
        await transfers.post(db, again, owed.available, owed.hold)
    for posted in partner_postings.restore(
        owed.correction, owed.batch, owed.partner, owed.amount_minor, owed.currency
    ):
        await post(rt, db, posted)
