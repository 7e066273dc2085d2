"""A payout refused for our own fault (float, credentials) is asked for again by us, not by the worker.

The new payout has a key, a number read out and a hold of its own, and is written in the commit that gives the first
one's money back: so there is never a moment in which both hold it, and the first can be replaced once only.
"""

import uuid
from datetime import timedelta

from gateway.base.ids import PayoutId, WorkerId, new_ref, secret_path
from gateway.payments.payout import Payout
from gateway.payments.payout_postings import held
from gateway.payments.states import PayoutState
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts.payouts import Stored
from gateway.store.turns import turns

REPLACEMENTS_MAX = 180
"""Of one request, each later than the one before, from five minutes to an hour: after a week she
hears that it failed.
"""
LATER, LATEST = timedelta(minutes=5), timedelta(hours=1)


async def replacement_part(rt: Runtime, stored: Stored) -> Write:
    """The payout that stands in for `stored`.

    Its provider is paused by the same event, so it waits for that.
    """
    was = stored.payout
    payout = PayoutId(uuid.uuid4())
    new = turns.NewPayout(
        id=payout,
        ref=new_ref(),
        worker=was.worker,
        provider=was.provider,
        currency=was.currency,
        amount_minor=was.amount_minor,
        key=str(payout),
        to=stored.to_sealed,
        tail=stored.to_tail,
        result_token=secret_path(),
        status_token=secret_path(),
        timeout_token=secret_path(),
        state=PayoutState.QUEUED,
        due_at=rt.clock.now() + min(LATER * (stored.nth + 1), LATEST),
        replaces=was.id,
        nth=stored.nth + 1,
        country=was.country,
        taxes=stored.taxes,
        fee_minor=was.fee_minor,
    )
    return await held_part(rt, new)


async def held_part(rt: Runtime, new: turns.NewPayout) -> Write:
    """A new payout with the hold of its money, and what is withheld with it."""
    payout = Payout(
        id=PayoutId(new.id),
        worker=WorkerId(new.worker),
        provider=new.provider,
        key=new.key,
        msisdn="",
        amount_minor=new.amount_minor,
        currency=new.currency,
        country=new.country,
        taxes=tuple((tax.name, tax.amount_minor) for tax in new.taxes),
        fee_minor=new.fee_minor,
    )
    postings = held(payout)
    payable = await rt.accounts.get(postings[0].debit)
    booked = [(posted, await rt.accounts.get(posted.credit)) for posted in postings]
    return turns.request_payout(new, payable, booked)


def may_be_replaced(stored: Stored, payout: Payout) -> bool:
    return payout.state is PayoutState.FAILED and stored.nth < REPLACEMENTS_MAX
