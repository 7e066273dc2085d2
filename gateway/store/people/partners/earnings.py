"""The earnings of partners: the write of an answer's turn."""

from collections.abc import Sequence

from gateway.base.ids import AccountId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import Write


def pay_partner(
    partner: int, booked: Sequence[Posting], hold: AccountId, credited: Sequence[AccountId]
) -> Write:
    """Pay a partner its price of an answer, if the partner was admitted."""
    return Write(
        "pay_partner",
        {
            "partner": partner,
            "hold_account": hold,
            "transfers": [posted.id for posted in booked],
            "credits": list(credited),
            "amounts": [posted.amount_minor for posted in booked],
            "currency": booked[0].currency,
            "codes": [int(posted.code) for posted in booked],
            "causes": [posted.cause for posted in booked],
        },
    )
