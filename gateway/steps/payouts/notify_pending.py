"""The notice to workers who wait ten minutes for news of their money.

It says once that the money is reserved and asked about, so that the worker need not ask again.
"""

from gateway.base.money import amount_text
from gateway.conversation import notices
from gateway.steps.messages.notify import Addressee, notify
from gateway.steps.runtime import Runtime
from gateway.store.payouts import payouts


async def still_asking(rt: Runtime) -> int:
    """Notify each worker whose payout may have left and whose outcome is unknown.

    Return the number of workers.
    """
    found = await payouts.long_unknown(rt.db, rt.vault, rt.clock.now())
    for stored in found:
        p = stored.payout
        amount = amount_text(p.amount_minor, p.currency)
        text = notices.pay_unknown_notice(rt.books[stored.language], amount, stored.ref)
        cause = f"payout:{p.id}:unknown"
        to = Addressee(stored.sms_channel, p.msisdn, p.worker)
        await notify(rt, rt.db, to, text, "money", cause)
    return len(found)
