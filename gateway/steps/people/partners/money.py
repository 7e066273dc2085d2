"""The movements on a partner's two accounts besides its earnings, inside a caller's transaction."""

from gateway.payments.ledger import partner_postings
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.ledger import transfers
from gateway.store.people.partners import corrections as correction_rows
from gateway.store.people.partners import earnings, expenses
from gateway.workers.partners.corrections import collect
from gateway.workers.partners.reinvestment import release_parts


async def post(rt: Runtime, db: Connection, posted: Posting) -> bool:
    """Post one transfer. Return False when it was posted before."""
    debit, credit = await rt.accounts.get(posted.debit), await rt.accounts.get(posted.credit)
    return await transfers.post(db, posted, debit, credit)


async def settle(rt: Runtime, db: Connection, partner: int, currency: str) -> tuple[int, int]:
    """Give back what is owed for wrong answers, and release what checked expenses allow.

    The caller has locked the partner. Return both amounts in minor units.
    """
    taken_minor = await _give_back(rt, db, partner, currency)
    return taken_minor, await _release(rt, db, partner, currency)


async def _give_back(rt: Runtime, db: Connection, partner: int, currency: str) -> int:
    waiting = await correction_rows.waiting(db, partner, currency)
    if not waiting:
        return 0
    has = await earnings.balance(db, partner, currency)
    of = {one.correction.id: one for one in waiting}
    taken_minor = 0
    for part in collect((one.correction for one in waiting), has.free_minor, has.kept_minor):
        one = of[part.correction]
        decision = f"correction:{part.correction}:{one.times + 1}"
        parts = (part.payable_minor, part.reinvest_minor)
        for posted in partner_postings.correct(decision, one.batch, partner, parts, currency):
            await post(rt, db, posted)
        if one.is_over:
            back = partner_postings.corrected_to_client(
                decision, one.batch, one.client, sum(parts), currency
            )
            await transfers.post(db, back, one.hold, one.available)
        await correction_rows.took(db, part.correction, *parts)
        taken_minor += sum(parts)
    return taken_minor


async def _release(rt: Runtime, db: Connection, partner: int, currency: str) -> int:
    spent = await expenses.releasable(db, partner, currency)
    if not spent:
        return 0
    has = await earnings.balance(db, partner, currency)
    released_minor = 0
    for part in release_parts(spent, has.kept_minor):
        posted = partner_postings.release(
            part.expense, part.nth, partner, part.amount_minor, currency
        )
        await post(rt, db, posted)
        await expenses.released(db, part.expense, part.amount_minor)
        released_minor += part.amount_minor
    return released_minor
