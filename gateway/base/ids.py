"""The types of ids, so that the type checker catches a swap no test would, and their makers."""

import hmac
import secrets
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NewType

from pydantic import SecretStr

WorkerId = NewType("WorkerId", int)
TaskId = NewType("TaskId", int)
AssignmentId = NewType("AssignmentId", int)
MessageId = NewType("MessageId", int)
InboxId = NewType("InboxId", int)
AccountId = NewType("AccountId", int)
BatchId = NewType("BatchId", str)
ClientId = NewType("ClientId", str)
PayoutId = NewType("PayoutId", uuid.UUID)

# The alphabet has no vowels and no look-alikes (0/O, 1/I/L), because refs are read aloud and typed
# on number keys.
_REF_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"
# A reference of an answer begins with a letter outside that alphabet.
_ANSWER_MARK, _ANSWER_SIGNS, _ANSWER_SIGNS_MAX = "A", 5, 12
_NAMESPACE = uuid.UUID("6f1d8a6e-0f5c-5d0e-9a3b-7b2f5d3c9e10")


def new_ref(length: int = 6) -> str:
    """Return a short reference that a worker can read out, e.g. `P7K2QX` (27^6 = 387 million)."""
    return "".join(secrets.choice(_REF_ALPHABET) for _ in range(length))


def answer_ref(answer: int) -> str:
    """Return the reference of an answer, which its worker can type, e.g. `A2222N`.

    It begins with a letter that no other reference has, so an answer is never mistaken for a
    payment.

    >>> answer_ref(17), answer_ref(27**6)
    ('A2222N', 'A3222222')
    """
    signs = ""
    while answer:
        answer, digit = divmod(answer, len(_REF_ALPHABET))
        signs = _REF_ALPHABET[digit] + signs
    return _ANSWER_MARK + signs.rjust(_ANSWER_SIGNS, _REF_ALPHABET[0])


def answer_of_ref(ref: str) -> int | None:
    """Return the id of the answer with this reference, or None for any other reference.

    >>> answer_of_ref("A2222N"), answer_of_ref("P7K2QX"), answer_of_ref("A")
    (17, None, None)
    """
    signs = ref.removeprefix(_ANSWER_MARK)
    if signs == ref or not _ANSWER_SIGNS <= len(signs) <= _ANSWER_SIGNS_MAX:
        return None
    answer = 0
    for sign in signs:
        digit = _REF_ALPHABET.find(sign)
        if digit < 0:
            return None
        answer = answer * len(_REF_ALPHABET) + digit
    return answer


def new_public_id(prefix: str) -> str:
    """Return an id that clients see, e.g. `b_4fXv...`. It is unguessable, with 96 random bits."""
    return f"{prefix}_{secrets.token_hex(12)}"


_request: ContextVar[bytes | None] = ContextVar("request", default=None)


@contextmanager
def asked_by(request: bytes) -> Generator[None]:
    """Let what is made in the block have ids that follow from a request which may be repeated.

    `request` is a keyed digest of its key and content, so that its ids cannot be guessed.
    """
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def digest_of_request(purpose: str) -> bytes | None:
    """Return a secret that follows from the present request, or None for one without a key."""
    request = _request.get()
    return None if request is None else hmac.digest(request, purpose.encode(), "sha256")


def id_of_request(prefix: str) -> str | None:
    """Return the id of the object that the present request makes, or None without a key.

    >>> with asked_by(b"one request"):
    ...     first, again = id_of_request("b"), id_of_request("b")
    >>> first == again, id_of_request("b")
    (True, None)
    """
    digest = digest_of_request(f"id:{prefix}")
    return None if digest is None else f"{prefix}_{digest.hex()[:24]}"


def secret_path() -> SecretStr:
    """Return a path that only the operator knows, with 128 random bits."""
    return SecretStr(secrets.token_hex(16))


def derived_id(*cause: object) -> uuid.UUID:
    """Return the id that this cause always gets (uuid5), so that it is never written twice."""
    return uuid.uuid5(_NAMESPACE, ":".join(str(part) for part in cause))
