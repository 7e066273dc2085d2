"""What keeps secrets secret at rest: phone numbers encrypted and found by a blind index, keys stored as hashes.

AES-256-GCM with a random nonce for what must be read again; HMAC-SHA256 with a key of its own for equality
look-ups (a plain hash of a phone number is worthless: all of a country's numbers can be tried in a minute).
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import OtherKey, SettingsError

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Vault:
    """Seals and opens text with one master secret (32 bytes, base64); the two working keys are derived from it."""

    def __init__(self, master: str) -> None:
        try:
            key = base64.b64decode(master, validate=True)
        except ValueError as bad:
            raise SettingsError(
                "GATEWAY_SECRET_KEY is not base64; make one with: gateway secret"
            ) from bad
        if len(key) != _KEY_BYTES:
            raise SettingsError(
                f"GATEWAY_SECRET_KEY must be {_KEY_BYTES} bytes; make one with: gateway secret"
            )
        self._aead = AESGCM(hmac.digest(key, b"seal", "sha256"))
        self.pepper = hmac.digest(key, b"pin", "sha256")
        """Stands in every PIN's hash and never beside it: a stolen database alone cannot be guessed through."""
        self._index_key = hmac.digest(key, b"index", "sha256")

    def seal(self, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The text again; raises OtherKey when it was sealed with another master secret."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()
        except InvalidTag as bad:
            raise OtherKey(
                "stored data was sealed with another GATEWAY_SECRET_KEY; set the old one"
            ) from bad

    def index(self, text: str) -> bytes:
        """The blind index of a phone number: equal for equal numbers, useless without the key."""
        return hmac.digest(self._index_key, text.encode(), "sha256")


def new_master_secret() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def new_api_key() -> str:
    """A client's key: shown once, stored only as `key_hash`."""
    return f"gw_{secrets.token_urlsafe(32)}"


def key_hash(key: str) -> bytes:
    """SHA-256 is enough here: the key carries 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(key.encode()).digest()
