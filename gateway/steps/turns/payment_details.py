"""The payment that a worker asks about, as the conversation receives it."""

from typing import Literal

from gateway.base.ids import WorkerId
from gateway.conversation.situation import PaymentView
from gateway.payments.holding import phrase_of
from gateway.payments.states import PayoutState
from gateway.steps.runtime import Runtime
from gateway.store.payouts import worker_payments

_PAID = frozenset({PayoutState.PAID, PayoutState.LATE_PAID})


async def payment(rt: Runtime, worker: WorkerId, ref: str | None) -> PaymentView | None:
    """Return the worker's payment with that reference, or her last one; None where she has none."""
    found = await worker_payments.payment_explanation(rt.db, worker, ref)
    if found is None:
        return None
    row = found.payout
    state = PayoutState(row["state"])
    at = row["settled_at"] or row["created_at"]
    return PaymentView(
        ref=row["ref"],
        amount_minor=row["amount"],
        fate=_fate(state, row["waits"]),
        day=f"{at:%d/%m}",
        receipt=row["receipt"] or "-",
        answers=found.answers,
        waits=phrase_of(row["waits"]) if row["waits"] else "",
        tax_minor=sum(row["tax_amounts"]),
        fee_minor=row["fee"],
        until=f"{row['due_at']:%d/%m}" if row["due_at"] else "",
    )


def _fate(
    state: PayoutState, waits: str | None
) -> Literal["paid", "on_way", "failed", "waits", "reversed"]:
    if state.open:
        return "waits" if waits else "on_way"
    if state is PayoutState.REVERSED:
        return "reversed"
    return "paid" if state in _PAID else "failed"
