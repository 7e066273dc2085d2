"""The coded proof of a payment: a short code that only this gateway can make, and anyone can read.

Pure. The code is the payout's reference and eight characters of a keyed digest over the reference,
the amount and the day (UTC) of the payment. The SMS that carries it names the same three. So a
person who has the gateway's key, but no database any more, can check an SMS that a worker shows.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from gateway.base.money import amount_text

_SIGNS = "23456789BCDFGHJKMNPQRSTVWXZ"
_LENGTH = 8
_CODE = re.compile(rf"([{_SIGNS}]{{6}})([{_SIGNS}]{{{_LENGTH}}})")
Stamp = Callable[[str], bytes]
"""A keyed digest of a text: `Vault.stamp`."""


@dataclass(frozen=True, slots=True)
class PaymentProof:
    """The facts that a code proves. `ref` is the payout's reference, as the worker reads it."""

    ref: str
    amount_minor: int
    currency: str
    day: date


def proof_code(stamp: Stamp, proof: PaymentProof) -> str:
    """Return the code of a payment.

    >>> proof_code(lambda text: bytes(32), PaymentProof("P7K2QX", 12000, "KES", date(2026, 11, 30)))
    'P7K2QX-2222-2222'
    """
    said = f"paid {proof.ref} {proof.amount_minor} {proof.currency} {proof.day.isoformat()}"
    number = int.from_bytes(stamp(said), "big")
    signs = ""
    for _ in range(_LENGTH):
        number, sign = divmod(number, len(_SIGNS))
        signs += _SIGNS[sign]
    return f"{proof.ref}-{signs[:4]}-{signs[4:]}"


def ref_of(code: str) -> str | None:
    """Return the reference in a code as a person types it, or None for a text that is no code.

    >>> ref_of(" p7k2qx 2222 2222 "), ref_of("P7K2QX")
    ('P7K2QX', None)
    """
    found = _CODE.fullmatch(_plain(code))
    return found[1] if found else None


def is_proof(stamp: Stamp, code: str, proof: PaymentProof) -> bool:
    """Return True when the code proves exactly this payment.

    >>> paid = PaymentProof("P7K2QX", 12000, "KES", date(2026, 11, 30))
    >>> is_proof(lambda text: bytes(32), "P7K2QX22222222", paid)
    True
    """
    return hmac.compare_digest(_plain(code), _plain(proof_code(stamp, proof)))


def shown(proof: PaymentProof) -> str:
    """Return the payment in words for the person who checks it."""
    return f"{proof.ref}: {amount_text(proof.amount_minor, proof.currency)} on {proof.day}"


def _plain(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())
