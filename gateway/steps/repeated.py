"""Objects of requests that are sent again after a process was killed.

The answer to a request with an `Idempotency-Key` is stored after its route has committed. A process
that is killed in between leaves the change and no answer. There are three remedies:

- The id of an object that is made follows from the request, so that the repetition finds it.
- An upload of tasks stores its answer itself, in its own transaction (`keep_answer`).
- Every other change that must not be made twice stores what its answer is made of (`keep_result`).
  The repetition finds that with `first_try`, and only answers.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gateway.base.ids import ClientId, asked_by, id_of_request, new_public_id
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import idempotency
from gateway.store.people.idempotency import KeptAnswer, MadeObject

KEPT: Final = timedelta(days=7)
"""The time for which a request under an `Idempotency-Key` is the same one."""
_RESULT: Final = "result"


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with an `Idempotency-Key`."""

    client: ClientId
    key: str
    digest: bytes
    """The hash of its method, address and body."""
    first_try: "FirstTry | None" = None
    """The change that the same request has made before it was cut off."""


@dataclass(frozen=True, slots=True)
class FirstTry:
    """A change that was committed by a process which was killed before it answered."""

    result: Any
    """The decoded JSON of which the answer is made."""

    @classmethod
    def of(cls, kept: KeptAnswer) -> "FirstTry":
        """Return what an unanswered change has kept."""
        return cls(kept.body[_RESULT])


_present: ContextVar[KeyedRequest | None] = ContextVar("present", default=None)


@contextmanager
def doing(rt: Runtime, request: KeyedRequest) -> Generator[None]:
    """Let the block know the request that it does."""
    token = _present.set(request)
    seed = f"request:{request.client}:{request.key}:{request.digest.hex()}"
    try:
        with asked_by(rt.vault.stamp(seed)):
            yield
    finally:
        _present.reset(token)


def first_try() -> FirstTry | None:
    """Return the change that the present request has made before, or None if there is none."""
    request = _present.get()
    return None if request is None else request.first_try


async def keep_result(db: Connection, result: Any = None) -> None:
    """Store what the answer is made of, in the transaction of the present request's change.

    Do nothing for a request without a key.
    """
    await keep_answer(db, idempotency.UNANSWERED, {_RESULT: result})


async def keep_answer(db: Connection, status: int, body: Any) -> None:
    """Store the answer to the present request in the transaction of its change.

    Do nothing for a request without a key.
    """
    request = _present.get()
    if request is not None:
        kept = KeptAnswer(request.digest, status, body, "")
        await idempotency.keep(db, request.client, request.key, kept)


@dataclass(frozen=True, slots=True)
class MadeId:
    """The id of an object that a request makes."""

    id: str
    is_made: bool
    """True where the same request has made it before."""


async def id_to_make(rt: Runtime, made: MadeObject, prefix: str) -> MadeId:
    """Return the id of the object that the present request makes."""
    own = id_of_request(prefix)
    if own is None:
        return MadeId(new_public_id(prefix), is_made=False)
    at = await idempotency.made_at(rt.db, made, own)
    if at is None:
        return MadeId(own, is_made=False)
    if rt.clock.now() - at < KEPT:
        return MadeId(own, is_made=True)
    return MadeId(new_public_id(prefix), is_made=False)
