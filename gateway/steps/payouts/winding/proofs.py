"""The check of a coded proof that a worker shows."""

from datetime import UTC, date, timedelta

from gateway.base.errors import Refused
from gateway.base.vault import Vault
from gateway.payments.proof import PaymentProof, is_proof, ref_of
from gateway.payments.states import PayoutState
from gateway.steps.runtime import Runtime
from gateway.store.payouts import payouts

_PAID = (PayoutState.PAID, PayoutState.LATE_PAID, PayoutState.REVERSED)


async def check_proof(rt: Runtime, code: str) -> PaymentProof | None:
    """Return the payment that a code proves, or None for a code that is not genuine."""
    ref = _ref(code)
    stored = await payouts.by_ref(rt.db, rt.vault, ref)
    if stored is None or stored.payout.state not in _PAID:
        return None
    settled = await payouts.settled_on(rt.db, ref)
    if settled is None:
        return None
    p, day = stored.payout, settled.astimezone(UTC).date()
    # The notice is written a moment before the commit that settles, perhaps across midnight.
    days = (day, day - timedelta(days=1), day + timedelta(days=1))
    proofs = (PaymentProof(ref, p.amount_minor, p.currency, on) for on in days)
    return next((proof for proof in proofs if is_proof(rt.vault.stamp, code, proof)), None)


def check_without_database(
    vault: Vault, code: str, amount_minor: int, currency: str, day: date
) -> PaymentProof | None:
    """Return the payment that an SMS claims, if its code is genuine, or None.

    The amount and the day stand in the SMS, so only the gateway's secret key is needed.
    """
    proof = PaymentProof(_ref(code), amount_minor, currency, day)
    return proof if is_proof(vault.stamp, code, proof) else None


def _ref(code: str) -> str:
    ref = ref_of(code)
    if ref is None:
        raise Refused(
            f"{code!r} is no proof: it has 14 letters and digits, such as P7K2QX-4TJ8-9QN3",
            field="code",
        )
    return ref
