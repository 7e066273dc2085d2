"""The signature of a webhook to a client, by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import secrets
from collections.abc import Sequence

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret(made_of: bytes | None = None) -> str:
    """Return a new secret in the form that libraries of the specification take.

    One that is `made_of` a secret digest is always the same.

    >>> new_secret().startswith("whsec_")
    True
    """
    content = made_of[:_SECRET_BYTES] if made_of else secrets.token_bytes(_SECRET_BYTES)
    return _PREFIX + base64.b64encode(content).decode()


def signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    """Return the signature of one call, like `v1,` and 44 characters of base64.

    `at_s` is the time of the call in seconds of the Unix epoch. It is signed, so that a receiver
    can refuse a call that an eavesdropper repeats later.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b".".join((message_id.encode(), str(at_s).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signed_headers(valid: Sequence[str], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of one call, signed with every secret that is valid at the moment."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signature(one, message_id, at_s, body) for one in valid),
    }
