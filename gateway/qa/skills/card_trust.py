"""The file that gateways exchange: a verification key of skill cards, and the revoked cards."""

import base64
import hmac
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from gateway.base.errors import Refused
from gateway.qa.skills.card import KEY_BYTES, CardClaim, digest, list_mac, read_code

GATEWAY_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}"
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_REVOKED_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TrustFile:
    """A gateway's verification key and the digests of the cards that it revoked.

    Who has the key can check cards, and could also make them. It is handed over in person.
    """

    gateway: str
    key: bytes
    revoked: frozenset[str] = frozenset()

    def to_json(self) -> str:
        revoked = sorted(self.revoked)
        return json.dumps(
            {
                "gateway": self.gateway,
                "key": base64.b64encode(self.key).decode(),
                "revoked": revoked,
                "mac": list_mac(self.gateway, revoked, self.key),
            },
            indent=1,
        )


def read_trust(text: str) -> TrustFile:
    """Return the contents of a trust file. Raises Refused naming the field and the rule."""
    try:
        found: Any = json.loads(text)
    except ValueError as bad:
        raise Refused(f"the trust file is not JSON: {bad}") from bad
    if not isinstance(found, dict):
        raise Refused("the trust file must be an object with gateway, key, revoked and mac")
    given = cast("dict[str, Any]", found)
    gateway, revoked = given.get("gateway"), given.get("revoked")
    if not isinstance(gateway, str) or not re.fullmatch(GATEWAY_NAME, gateway):
        raise Refused("gateway must be a name of 1 to 40 letters and digits", field="gateway")
    try:
        key = base64.b64decode(given.get("key") or "", validate=True)
    except (ValueError, TypeError) as bad:
        raise Refused("key must be base64", field="key") from bad
    if len(key) != KEY_BYTES:
        raise Refused(f"key must be {KEY_BYTES} bytes in base64", field="key")
    if (
        not isinstance(revoked, list)
        or len(cast("list[Any]", revoked)) > _REVOKED_MAX
        or not all(
            isinstance(one, str) and _DIGEST.fullmatch(one) for one in cast("list[Any]", revoked)
        )
    ):
        raise Refused("revoked must be a list of digests (32 hex digits)", field="revoked")
    digests = cast("list[str]", revoked)
    if not hmac.compare_digest(str(given.get("mac")), list_mac(gateway, digests, key)):
        raise Refused(
            "mac does not match: the file was changed or cut; ask for it again", field="mac"
        )
    return TrustFile(gateway, key, frozenset(digests))


def verify_card(
    said: str, msisdn: str, files: list[TrustFile], today: date
) -> tuple[str, CardClaim]:
    """Return the issuer and the claim of a card, from trust files alone.

    Raises Refused where it is not valid for this number, too old, or revoked.
    """
    found = read_code(said, msisdn, {one.gateway: one.key for one in files})
    if found is None:
        raise Refused("no gateway of these files gave this code to this phone number")
    issuer, claim = found
    if not claim.is_valid(today):
        raise Refused(f"{issuer} gave this card more than a year ago")
    if any(digest(said) in one.revoked for one in files if one.gateway == issuer):
        raise Refused(f"{issuer} has revoked this card")
    return issuer, claim
