"""The request of a payout, as a part of the turn that asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from gateway.base.deductions import Withheld
from gateway.base.ids import AccountId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import Write


@dataclass(frozen=True, slots=True)
class NewPayout:
    id: UUID
    ref: str
    worker: WorkerId
    provider: str
    currency: str
    amount_minor: int
    key: str
    to: bytes
    tail: str
    result_token: SecretStr
    status_token: SecretStr
    timeout_token: SecretStr
    state: str
    due_at: datetime | None
    replaces: UUID | None = None
    nth: int = 0
    country: str = ""
    taxes: tuple[Withheld, ...] = ()
    fee_minor: int = 0


def request_payout(
    p: NewPayout, payable: AccountId, booked: Sequence[tuple[Posting, AccountId]]
) -> Write:
    """Request a payout. `booked` has every posting that leaves the worker's account for it.

    Each posting comes with the account that it credits.
    """
    return Write(
        "request_payout",
        {
            "id": p.id,
            "ref": p.ref,
            "worker": p.worker,
            "provider": p.provider,
            "currency": p.currency,
            "amount": p.amount_minor,
            "key": p.key,
            "to": p.to,
            "tail": p.tail,
            "result_token": p.result_token.get_secret_value(),
            "status_token": p.status_token.get_secret_value(),
            "timeout_token": p.timeout_token.get_secret_value(),
            "state": p.state,
            "due_at": p.due_at,
            "replaces": p.replaces,
            "nth": p.nth,
            "country": p.country,
            "tax_names": [tax.name for tax in p.taxes],
            "tax_bases": [tax.base_minor for tax in p.taxes],
            "tax_amounts": [tax.amount_minor for tax in p.taxes],
            "fee": p.fee_minor,
            "worker_account": payable,
            "transfers": [posted.id for posted, _ in booked],
            "credits": [credit for _, credit in booked],
            "amounts": [posted.amount_minor for posted, _ in booked],
            "codes": [int(posted.code) for posted, _ in booked],
            "causes": [posted.cause for posted, _ in booked],
        },
    )
