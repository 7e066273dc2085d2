"""The signature on each of Twilio's calls, over the address that Twilio was given.

It uses SHA-1 or SHA-256.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import SecretStr

from gateway.sms.port import Webhook

# A sender or a message id, with its field's name before it, inside the value of another field.
_HIDDEN = re.compile(r"(From|To)(whatsapp:)?\+?\d{3,}|(MessageSid|SmsSid)[SM]M[0-9a-f]{8}")
_SINGLE = frozenset({"Body", "From", "To", "MessageSid", "SmsSid", "MessageStatus", "OptOutType"})
_FREE = frozenset({"Body", "ButtonText", "ButtonPayload", "ProfileName"})
# URL libraries escape these characters of a query, and Twilio was seen to sign them unescaped.
_ALSO_BARE = {
    "%27": "'",
    "%40": "@",
    "%3A": ":",
    "%21": "!",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
}
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


def holds(call: Webhook, auth_token: SecretStr, webhook_key: SecretStr | None) -> bool:
    """Return True if Twilio's signature on the call is valid.

    Twilio signs the address that it calls, sometimes with and sometimes without the port, and the
    sorted fields of a form. For any other body it signs the address alone, which then holds the
    body's digest.
    """
    algorithm = _algorithm(call.headers.get("x-twilio-webhooks-signature-settings", ""))
    signature = call.headers.get("x-twilio-signature", "").encode()
    if algorithm not in _HASHES or not signature:
        return False
    shared = webhook_key if algorithm == "HMAC_SHA256" else None
    key = (shared or auth_token).get_secret_value().encode()
    digest = _body_digest(call.url)
    if digest is not None and not hmac.compare_digest(
        hashlib.sha256(call.body).hexdigest().encode(), digest.encode(errors="replace")
    ):
        return False
    if digest is None and _boundaries_may_have_moved(call.pairs):
        return False
    # A value that comes twice under one name is signed once, as in Twilio's SDK.
    fields_said = sorted(set(call.pairs)) if digest is None else []
    said = "".join(name + value for name, value in fields_said)
    return any(
        hmac.compare_digest(_sign(key, address + said, _HASHES[algorithm]), signature)
        for address in _addresses(call.url)
    )


def _boundaries_may_have_moved(pairs: Sequence[tuple[str, str]]) -> bool:
    """Return True if another form with the same signature may have been cut differently.

    Twilio signs names and values without a separator, so the end of one value can be moved into the
    next name. A forger of the sender must hide the true `From` in a value other than the text's, or
    give one name two values.
    """
    single = [pair for pair in set(pairs) if pair[0] in _SINGLE]
    if len({name for name, _ in single}) < len(single):
        return True
    return any(
        _HIDDEN.search(name) or (name not in _FREE and _HIDDEN.search(value))
        for name, value in pairs
    )


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _body_digest(url: str) -> str | None:
    """Return `bodySHA256` of the address, which is there when the body is not a form (JSON)."""
    try:
        query = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return None
    return query.get("bodySHA256")


def _sign(key: bytes, said: str, algorithm: str) -> bytes:
    digest = hmac.new(key, said.encode(errors="replace"), getattr(hashlib, algorithm)).digest()
    return base64.b64encode(digest)


def _addresses(url: str) -> list[str]:
    """Return the forms of the address that Twilio may have signed.

    Twilio signs the address as it built it, but the software that calls the gateway may escape more
    characters.
    """
    bare = url
    for escaped, character in _ALSO_BARE.items():
        bare = bare.replace(escaped, character).replace(escaped.lower(), character)
    forms = [url] if bare == url else [url, bare, url.replace("%27", "'")]
    return [address for form in forms for address in _with_and_without_port(form)]


def _with_and_without_port(url: str) -> list[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return [url]
    host = parts.netloc.rpartition(":")[0] if port else parts.netloc
    given = port or (443 if parts.scheme == "https" else 80)

    def at(netloc: str) -> str:
        return SplitResult(parts.scheme, netloc, parts.path, parts.query, parts.fragment).geturl()

    return [at(host), at(f"{host}:{given}")]
