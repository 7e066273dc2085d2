"""The check of a webhook's signature, by the Standard Webhooks specification."""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

TOLERANCE_S = 300
"""How old, or how early, a call may be."""


class WrongSignature(Exception):
    """A call that did not come from the gateway, or is too old."""


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the message of a call: its `type`, `timestamp` and `data`.

    `body` are the bytes as they came, before any parser. `secrets` is the webhook's secret, or two
    of them while the secret is being changed. Raises WrongSignature.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, at, sent = (
        given.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not at.isdecimal() or abs((time.time() if now is None else now) - int(at)) > TOLERANCE_S:
        raise WrongSignature("the time of the call is missing, or too far from now")
    signed = b".".join((message_id.encode(), at.encode(), body))
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        if any(hmac.compare_digest(right, one) for one in sent.split()):
            return json.loads(body)
    raise WrongSignature("the signature is not that of the gateway")
