"""The protection of stored secrets.

Phone numbers are encrypted and found by a blind index, and API keys are stored as hashes. Text that
must be read again is sealed with AES-256-GCM and a random nonce. Equality look-ups use HMAC-SHA256
with a key of its own, because a plain hash of a phone number is worthless: all numbers of a country
can be tried in a minute.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.base.errors import OtherKey, SettingsError
from gateway.base.pseudonyms import Pseudonyms

_NONCE_BYTES = 12
_KEY_BYTES = 32
_BYTES = "\x00bytes:"  # It marks a text that stands for bytes which are no text.


class Vault:
    """The sealing and opening of text with one master secret (32 bytes, base64).

    The working keys are derived from it.
    """

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
        # The key is part of every PIN's hash but is not stored beside it, so the PINs of a stolen
        # database cannot be guessed.
        self.pepper = hmac.digest(key, b"pin", "sha256")
        self._index_key = hmac.digest(key, b"index", "sha256")
        self._stamp_key = hmac.digest(key, b"stamp", "sha256")
        self._signing_seed = hmac.digest(key, b"sign", "sha256")
        # The key of this gateway's skill cards. It is given to the gateways that check them, and
        # tells nothing about the master secret.
        self.card_key = hmac.digest(key, b"card", "sha256")
        self._names_key = hmac.digest(key, b"pseudonym", "sha256")

    def seal(self, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """Return the text again. Raises OtherKey if it was sealed with another master secret."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()
        except InvalidTag as bad:
            raise OtherKey(
                "stored data was sealed with another GATEWAY_SECRET_KEY; set the old one"
            ) from bad

    def seal_body(self, raw: bytes) -> bytes:
        """Seal the body of a request, whatever bytes it holds."""
        try:
            return self.seal(raw.decode())
        except UnicodeDecodeError:
            return self.seal(_BYTES + raw.decode("latin-1"))

    def open_body(self, sealed: bytes) -> bytes:
        """Return the bytes that were given to `seal_body`. Raises OtherKey as `open` does."""
        text = self.open(sealed)
        if text.startswith(_BYTES):
            return text.removeprefix(_BYTES).encode("latin-1")
        return text.encode()

    def seal_key(self, key: bytes) -> bytes:
        """Seal the verification key of another gateway."""
        return self.seal(base64.b64encode(key).decode())

    def open_key(self, sealed: bytes) -> bytes:
        """Return the verification key again. Raises OtherKey as `open` does."""
        return base64.b64decode(self.open(sealed))

    def index(self, text: str) -> bytes:
        """Return the blind index of a phone number.

        It is equal for equal numbers, and useless without the key.
        """
        return hmac.digest(self._index_key, text.encode(), "sha256")

    def sign(self, content: bytes) -> bytes:
        """Return this gateway's signature (Ed25519), which anyone can check with its public key."""
        return Ed25519PrivateKey.from_private_bytes(self._signing_seed).sign(content)

    @property
    def public_key(self) -> bytes:
        """Return the key with which this gateway's signatures are checked."""
        own = Ed25519PrivateKey.from_private_bytes(self._signing_seed)
        return own.public_key().public_bytes_raw()

    def stamp(self, text: str) -> bytes:
        """Return a keyed digest that proves that this gateway wrote `text`."""
        return hmac.digest(self._stamp_key, text.encode(), "sha256")

    def pseudonyms(self, client: str) -> Pseudonyms:
        """Return the names under which a client knows workers."""
        return Pseudonyms(hmac.digest(self._names_key, client.encode(), "sha256"))


def is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    """Return True when the holder of this public key has signed the content."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_master_secret() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


TEST_KEY: Final = "gw_test_"
"""The beginning of every test key, and of no other."""


def new_api_key(*, test: bool = False) -> str:
    """Return a new API key. It is shown once, and stored only as `key_hash`."""
    drawn = secrets.token_urlsafe(32)
    if test:
        return TEST_KEY + drawn
    # A real key never looks like a test key, however it is drawn.
    return f"gw_{drawn}" if not drawn.startswith("test_") else new_api_key()


def key_hash(key: str) -> bytes:
    """Return the stored hash of an API key.

    SHA-256 is enough here, because the key carries 256 random bits and cannot be guessed.
    """
    return hashlib.sha256(key.encode()).digest()
