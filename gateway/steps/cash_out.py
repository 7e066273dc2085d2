"""A worker asks for her money: her balance is held and a payout waits for a runner, in the commit of her turn."""

import secrets
import uuid

from gateway.conversation.facts import PayAsked
from gateway.errors import Conflict
from gateway.ids import AccountId, PayoutId, WorkerId
from gateway.payments import ledger
from gateway.payments.ledger import Account, AccountKind
from gateway.runtime import Runtime
from gateway.steps.understand import provider_for
from gateway.store import turns
from gateway.store.db import Part, Row

TAIL_DIGITS = 3


def _token() -> str:
    """A path only the operator is told: 128 random bits."""
    return secrets.token_hex(16)


async def payout_part(rt: Runtime, row: Row, fact: PayAsked, msisdn: str) -> Part:
    """The payout of a turn. Its key exists from now on, long before anything is sent."""
    worker, currency = WorkerId(row["worker_id"]), row["currency"]
    provider = provider_for(rt, msisdn, currency)
    if provider is None:
        raise Conflict(f"no provider pays {currency} any more")
    payout = PayoutId(uuid.uuid4())
    new = turns.NewPayout(
        id=payout,
        ref=fact.ref,
        worker=worker,
        provider=provider,
        currency=currency,
        amount_minor=fact.amount_minor,
        key=str(payout),
        to=rt.vault.seal(msisdn),
        tail=msisdn[-TAIL_DIGITS:],
        result_token=_token(),
        status_token=_token(),
        timeout_token=_token(),
    )
    transit = await rt.accounts.get(Account(AccountKind.PAYOUT_IN_TRANSIT, "", currency))
    held = ledger.hold(payout, worker, fact.amount_minor, currency)
    return turns.request_payout(new, held, AccountId(row["account_id"]), transit)
