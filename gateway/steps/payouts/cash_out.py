"""The request of a worker for her money.

Her balance is held and a payout waits for a runner, in the commit of her turn.
"""

import uuid

from gateway.base.errors import Conflict
from gateway.base.ids import PayoutId, WorkerId, secret_path
from gateway.conversation.facts import PayAsked
from gateway.payments.states import PayoutState
from gateway.steps.payouts.replace import held_part
from gateway.steps.payouts.routes import airtime_for, provider_for
from gateway.steps.payouts.withholdings import country_of
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import requests

TAIL_DIGITS = 3


async def payout_part(
    rt: Runtime, worker: WorkerId, currency: str, fact: PayAsked, msisdn: str
) -> Write:
    """Return the part of a turn that creates a payout.

    Its key is fixed here, long before anything is sent.
    """
    chosen = airtime_for if fact.airtime else provider_for
    provider = chosen(rt, msisdn, currency)
    if provider is None:
        raise Conflict(f"no provider pays {currency} any more")
    payout, taken = PayoutId(uuid.uuid4()), fact.withdrawal
    new = requests.NewPayout(
        id=payout,
        ref=fact.ref,
        worker=worker,
        provider=provider,
        currency=currency,
        amount_minor=fact.amount_minor,
        key=str(payout),
        to=rt.vault.seal(msisdn),
        tail=msisdn[-TAIL_DIGITS:],
        result_token=secret_path(),
        status_token=secret_path(),
        timeout_token=secret_path(),
        state=PayoutState.QUEUED,
        due_at=rt.clock.now(),
        country=country_of(rt, msisdn, currency) or "" if taken else "",
        taxes=taken.taxes if taken else (),
        fee_minor=taken.fee_minor if taken else 0,
    )
    return await held_part(rt, new)
