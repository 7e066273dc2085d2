"""The decision on a paid payout that the provider took back.

Two operators decide to whom the money belongs now, and it is booked once.
"""

from typing import Literal

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.payments.ledger import postings
from gateway.payments.payout_postings import reversal_undone
from gateway.payments.states import PayoutState
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.payouts.resolve import Resolution, payout_by_ref
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import decisions
from gateway.store.people import persons
from gateway.store.turns.turns import posting

ReversalBearer = Literal["worker", "house"]


async def decide_reversal(
    rt: Runtime, ref: str, whose: ReversalBearer, *, by: str, key: str
) -> Resolution:
    """Record the decision of the operator `by` on the owner of the money.

    With `worker` it is in her balance again, and she is told. With `house` she has received her
    money in another way. The decision takes effect when a second operator decides the same. Raises
    Refused for a payout that was not taken back.
    """
    person = await persons.person_of(rt.db, by, key)
    stored = await payout_by_ref(rt, ref)
    p = stored.payout
    if p.state is not PayoutState.REVERSED:
        raise Refused(f"{stored.ref} is {p.state}: nothing was taken back")
    agreed = await decisions.say_twice(rt.db, f"reversal:{p.id}", whose, p.id, person)
    if not agreed:
        return Resolution(stored.ref, confirmed=False)
    posted = (
        postings.reversal_back(p.id, p.worker, p.amount_minor, p.currency)
        if whose == "worker"
        else postings.reversal_kept(p.id, p.amount_minor, p.currency)
    )
    debit, credit = await rt.accounts.get(posted.debit), await rt.accounts.get(posted.credit)
    arguments = posting(posted, debit, credit)
    transfer = arguments.pop("id")
    parts = [
        Write(
            "settle_reversal",
            {"payout": p.id, "says": whose, "transfer": transfer, **arguments},
        )
    ]
    if whose == "worker":
        for more in reversal_undone(p):
            accounts = await rt.accounts.get(more.debit), await rt.accounts.get(more.credit)
            parts.append(Write("post", posting(more, *accounts)))
        text = rt.books[stored.language].say(
            "pay.reversed", ref=stored.ref, amount=amount_text(p.taken_minor, p.currency)
        )
        cause = f"payout:{p.id}:reversal"
        to = Addressee(stored.sms_channel, p.msisdn, p.worker)
        parts.append(notice_write(rt, to, text, "money", cause))
    await rt.db.write(parts)
    rt.jobs.enqueue("deliver", stored.sms_channel)
    return Resolution(stored.ref, confirmed=True)
