"""The replacement of a payout that was refused through the gateway's fault (float, credentials).

The gateway requests the payout again, not the worker. The new payout has a key, a number to read
out and a hold of its own. It is written in the commit that returns the money of the first one. Both
therefore never hold the money at the same time, and the first can be replaced only once.
"""

import uuid
from datetime import timedelta

from gateway.base.ids import PayoutId, WorkerId, new_ref, secret_path
from gateway.payments.payout import Payout
from gateway.payments.payout_postings import held
from gateway.payments.states import PayoutState
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import requests
from gateway.store.payouts.payouts import Stored

REPLACEMENTS_MAX = 180
"""The most replacements of one request. Each comes later than the one before, after five minutes to
an hour. After a week the worker hears that the payout failed.
"""
LATER, LATEST = timedelta(minutes=5), timedelta(hours=1)


async def replacement_part(rt: Runtime, stored: Stored) -> Write:
    """Return the payout that replaces `stored`.

    Its provider is paused by the same event, so it waits for that pause.
    """
    was = stored.payout
    payout = PayoutId(uuid.uuid4())
    new = requests.NewPayout(
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


async def held_part(rt: Runtime, new: requests.NewPayout) -> Write:
    """Return a new payout with the hold of its money, and the amounts withheld with it."""
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
    return requests.request_payout(new, payable, booked)


def may_be_replaced(stored: Stored, payout: Payout) -> bool:
    """Return True if a payout has failed and may be replaced once more."""
    return payout.state is PayoutState.FAILED and stored.nth < REPLACEMENTS_MAX
