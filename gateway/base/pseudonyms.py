"""The names under which one client knows workers.

A pseudonym is one block of AES: the worker's row id and eight zero bytes, encrypted with a key that
is derived for the client. So a client always meets a worker under the same name, two clients cannot
tell whether they know the same worker, and the names do not show how many workers there are. The
gateway alone can read them, and the zero bytes show a name that it did not make.

>>> names = Pseudonyms(bytes(32))
>>> names.of(7)
'w_rrszoqcmqhgc3xrnpxjeindaxa'
>>> names.worker(names.of(7)), names.worker("w_aaaaaaaaaaaaaaaaaaaaaaaaaa")
(7, None)
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from gateway.base.bounds import INT8_MAX

PSEUDONYM: Final = re.compile("w_[a-z2-7]{26}")
_ID_BYTES, _ZEROS = 8, bytes(8)
_PADDING: Final = "======"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of workers for one client."""

    key: bytes = field(repr=False)

    def of(self, worker: int) -> str:
        """Return the pseudonym of a worker."""
        # One block under a key of its own is a permutation, so this mode has nothing to reveal.
        cipher = Cipher(AES(self.key), ECB())  # noqa: S305
        block = cipher.encryptor().update(worker.to_bytes(_ID_BYTES) + _ZEROS)
        return "w_" + base64.b32encode(block).decode().rstrip("=").lower()

    def worker(self, pseudonym: str) -> int | None:
        """Return the worker, or None for a text that is no pseudonym of this client."""
        if not PSEUDONYM.fullmatch(pseudonym):
            return None
        try:
            block = base64.b32decode(pseudonym[2:].upper() + _PADDING)
        except binascii.Error:
            return None
        opened = Cipher(AES(self.key), ECB()).decryptor().update(block)  # noqa: S305
        worker = int.from_bytes(opened[:_ID_BYTES])
        return worker if opened[_ID_BYTES:] == _ZEROS and 0 < worker <= INT8_MAX else None
