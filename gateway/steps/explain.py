"""The payment a worker asks about, as the conversation is told of it."""

from gateway.conversation.facts import Payment
from gateway.ids import WorkerId
from gateway.payments.states import State
from gateway.runtime import Runtime
from gateway.store import payments_of

_PAID = frozenset({State.PAID, State.LATE_PAID})


async def payment(rt: Runtime, worker: WorkerId, ref: str | None) -> Payment | None:
    """Her payment of that reference, or her last one; None where there is none such of hers."""
    found = await payments_of.explained(rt.db, worker, ref)
    if found is None:
        return None
    row = found.payout
    state = State(row["state"])
    at = row["settled_at"] or row["created_at"]
    return Payment(
        ref=row["ref"],
        amount_minor=row["amount"],
        fate="on_way" if state.open else "paid" if state in _PAID else "failed",
        day=f"{at:%d/%m}",
        receipt=row["receipt"] or "-",
        answers=found.answers,
    )
