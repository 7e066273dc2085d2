"""The job that gives partners' prices back, where the answer of a worker was found to be wrong.

A worker's adjustment that stands takes the price of her answer from her partner, too: the partner
was paid for answers that are accepted. The money goes back to the batch, and on to its client when
the batch is over. Nothing is taken that stands on an invoice or was paid.
"""

from gateway.base.ids import derived_id
from gateway.steps.people.partners.money import settle
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.people.partners import corrections, profiles

_AT_ONCE = 200


async def correct_partners(rt: Runtime) -> int:
    """Open the corrections of new standing adjustments and collect what can be collected.

    Return the number of adjustments that were looked at.
    """
    looked = 0
    while some := await until_settled(lambda: _open_some(rt)):
        looked += some
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
