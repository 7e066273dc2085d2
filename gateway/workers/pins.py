"""PINs: chosen and typed on USSD only, and kept as an Argon2id hash.

The hash uses a pepper that never stands in the database.
"""

import re
import secrets
from itertools import pairwise

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

TRIES_MAX = 3
_PIN = re.compile(r"^[0-9]{4,6}$")
_SALT_BYTES, _HASH_BYTES = 16, 32
# OWASP's smallest recommendation (password storage cheat sheet): 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


def acceptable(pin: str) -> bool:
    """Return True for four to six digits that are neither all equal nor a run.

    Those are guessed first.

    >>> [acceptable(pin) for pin in ("4821", "0000", "1234", "654321", "482", "48x1")]
    [True, False, False, False, False, False]
    """
    if not _PIN.match(pin):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return len(steps) > 1 or steps.isdisjoint({0, 1, -1})


def hashed(pin: str, pepper: bytes) -> str:
    """Return the hash of a PIN as a PHC string.

    The call deliberately takes some hundredths of a second, so make it in a thread.
    """
    return Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
        secret=pepper,
    ).derive_phc_encoded(pin.encode())


def is_right(pin: str, kept: str, pepper: bytes) -> bool:
    """Return True if `pin` belongs to the hash `kept`; as slow as `hashed`."""
    try:
        Argon2id.verify_phc_encoded(pin.encode(), kept, pepper)
    except InvalidKey:
        return False
    return True
