"""Who is asking: an API key as bearer token; every query is scoped by the client it belongs to.

The doors check the key before the body is read; the routes find the client in the request's state.
"""

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from gateway import logs
from gateway.api.limits import Limits
from gateway.errors import Refused
from gateway.ids import ClientId
from gateway.runtime import Runtime
from gateway.store import clients
from gateway.vault import key_hash

_CLIENT = "client"
SCHEME = HTTPBearer(
    scheme_name="API key",
    bearerFormat="gw_...",
    description="Your API key, as the operator of the gateway printed it.",
    auto_error=False,
)
"""What /openapi.json says of the key. It checks nothing: the doors do."""


def runtime_of(request: Request) -> Runtime:
    """The server's runtime, put there when it was opened."""
    return cast("Runtime", request.app.state.runtime)


Rt = Annotated[Runtime, Depends(runtime_of)]


async def check_key(rt: Runtime, limits: Limits, request: Request) -> ClientId:
    """Find the client of the key that came along, and keep it for the route; raise Refused 401, and 429 for a caller
    that asks too often."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    given = key_hash(key.strip()) if scheme.lower() == "bearer" and key.strip() else b""
    limits.stranger(rt, request, given.hex())
    if not given:
        raise Refused("send your API key as `Authorization: Bearer <key>`", status=401)
    found = await clients.by_key(rt.db, given)
    if found is None:
        address = request.client.host if request.client else "unknown"
        logs.seldom.warning("an API key is not known", address=address, path=request.url.path)
        raise Refused("this API key is not known or was revoked", status=401)
    limits.client(rt, given.hex())
    request.scope["state"][_CLIENT] = found
    return found


async def client_of(request: Request) -> ClientId:
    """Return the client whose key the doors have checked; raise Refused 401 where there was no such check."""
    found = request.scope["state"].get(_CLIENT)
    if found is None:
        raise Refused("send your API key as `Authorization: Bearer <key>`", status=401)
    return cast("ClientId", found)


Client = Annotated[ClientId, Depends(client_of)]
