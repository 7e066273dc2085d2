"""The payouts of a restored database: nothing is sent before the provider was asked about them."""

from datetime import datetime

from gateway.base.vault import Vault
from gateway.payments.payouts import decide_payout
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.store.db import Connection
from gateway.store.payouts import payouts

_UNSENT = (
    PayoutState.HELD,
    PayoutState.AWAITING_APPROVAL,
    PayoutState.APPROVED,
    PayoutState.QUEUED,
    PayoutState.SUBMITTING,
)
_AT_ONCE = 100


async def ask_first(db: Connection, vault: Vault, now: datetime) -> int:
    """Let the provider be asked about each payout that a later gateway may have sent.

    The key of a payout is stored before it is sent, so the provider knows it by this key if the
    lost gateway sent it after the backup. Return the number of payouts. A second call finds none.
    """
    found = await payouts.unfinished(db, vault, _UNSENT)
    for start in range(0, len(found), _AT_ONCE):
        await db.write(
            [
                payouts.moved(
                    stored,
                    decide_payout(stored.payout, PayoutEvent.RESTORED, now).payout,
                    str(PayoutEvent.RESTORED),
                    [],
                    "restored from a backup: the provider is asked before anything is sent",
                )
                for stored in found[start : start + _AT_ONCE]
            ]
        )
    return len(found)
