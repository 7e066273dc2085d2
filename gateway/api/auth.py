"""Who is asking: an API key as bearer token; every query is scoped by the client it belongs to."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from gateway.errors import Refused
from gateway.ids import ClientId
from gateway.runtime import Runtime
from gateway.store import clients
from gateway.vault import key_hash


def client_of(rt: Runtime) -> Callable[[Request], Awaitable[ClientId]]:
    """The dependency that gives a route its client; raises Refused 401."""

    async def client(request: Request) -> ClientId:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused("send your API key as `Authorization: Bearer <key>`", status=401)
        found = await clients.by_key(rt.db, key_hash(key.strip()))
        if found is None:
            raise Refused("this API key is not known or was revoked", status=401)
        return found

    return client
