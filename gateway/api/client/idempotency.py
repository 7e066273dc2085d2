"""The `Idempotency-Key`, which makes a repeated request harmless.

A repeated key and request get the first answer again. Another request under the key is refused.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import cast

import orjson
from fastapi import Request, Response

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.steps.runtime import Runtime
from gateway.store.people import clients

_KEY_CHARACTERS_MAX = 200
_SEALED = "sealed"
REPEATED = "Idempotent-Replayed"
"""The header of a repeated answer, for which nothing was done this time."""
# Each such request holds a connection while `made` needs another. With more at once they could wait
# for each other for ever.
AT_ONCE = 2


async def once(
    rt: Runtime,
    client: ClientId,
    request: Request,
    status: int,
    made: Callable[[], Awaitable[bytes]],
    *,
    secret: bool = False,
) -> Response:
    """Run `made` (a JSON body), or return the body that it made for this key before.

    A body that holds a `secret` is stored sealed.
    """
    key = request.headers.get("idempotency-key")
    if not key:
        return _answer(await made(), status)
    if len(key) > _KEY_CHARACTERS_MAX or not key.isprintable():
        raise Refused(
            f"Idempotency-Key: 1 to {_KEY_CHARACTERS_MAX} printable characters",
            field="Idempotency-Key",
        )
    digest = hashlib.sha256(request.url.path.encode() + b"\0" + await request.body()).digest()
    # The second of two simultaneous copies waits here until the first is recorded.
    async with _gate(request), rt.db.transaction() as db:
        await clients.lock_request(db, client, key)
        known = await clients.remembered(rt.db, client, key)
        if known is None:
            body = await made()
            kept = {_SEALED: rt.vault.seal(body.decode()).hex()} if secret else orjson.loads(body)
            await clients.remember(rt.db, client, key, digest, status, kept)
            return _answer(body, status)
    if known["request_hash"] != digest:
        raise Refused(
            "this Idempotency-Key was used for another request", status=409, field="Idempotency-Key"
        )
    kept = known["body"]
    body = rt.vault.open(bytes.fromhex(kept[_SEALED])).encode() if secret else orjson.dumps(kept)
    repeated = _answer(body, known["status"])
    repeated.headers[REPEATED] = "true"
    return repeated


def _gate(request: Request) -> asyncio.Semaphore:
    """Return the server's own semaphore for AT_ONCE requests with a key."""
    state = request.app.state
    if not hasattr(state, "keyed"):
        state.keyed = asyncio.Semaphore(AT_ONCE)
    return cast("asyncio.Semaphore", state.keyed)


def _answer(body: bytes, status: int) -> Response:
    return Response(body, status_code=status, media_type="application/json")
