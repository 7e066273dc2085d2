"""The authentication of clients by an API key, sent as bearer token.

Every query is scoped by the client that the key belongs to. The entrance (`doors`) checks the key
before the body is read, and the routes find the client in the request's state.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from gateway.api.callers.limits import RequestLimits
from gateway.api.callers.scopes import check_held, check_scope
from gateway.base import logs
from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.ids import ClientId
from gateway.base.scopes import KeyScope
from gateway.base.vault import key_hash
from gateway.steps.runtime import Runtime
from gateway.store.people import api_keys
from gateway.store.people.api_keys import KeyInUse

CLIENT = "client"
"""The place in a request's state of the client whose key was checked."""
SCOPES = "scopes"
"""The place in a request's state of the scopes that the key holds."""
ANSWER_HEADERS = "answer_headers"
"""The place in a request's state of the headers that the entrance adds to its answer."""
# The last use of a key is stored to this much, so that a busy client costs no write per request.
_USE_NOTED = timedelta(minutes=10)
SCHEME = HTTPBearer(
    scheme_name="API key",
    bearerFormat="gw_...",
    description="Your API key, as the operator of the gateway printed it.",
    auto_error=False,
)
"""The description of the key in /openapi.json. It checks nothing, because the entrance does."""


def runtime_of(request: Request) -> Runtime:
    """Return the server's runtime, which was stored when the server was opened."""
    return cast("Runtime", request.app.state.runtime)


Rt = Annotated[Runtime, Depends(runtime_of)]


async def check_key(rt: Runtime, limits: RequestLimits, request: Request) -> ClientId:
    """Find the client of the API key in a request, and keep it for the route.

    Raises Refused with 401 for an unknown or expired key, with 403 for a key without the scope of
    the address, and with 429 for a caller that asks too often.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    given = key_hash(key.strip()) if scheme.lower() == "bearer" and key.strip() else b""
    limits.stranger(rt, request, given.hex())
    if not given:
        raise Refused("send your API key as `Authorization: Bearer <key>`", status=401)
    found = await api_keys.by_hash(rt.db, given)
    if found is None:
        address = request.client.host if request.client else "unknown"
        logs.seldom.warning("an API key is not known", address=address, path=request.url.path)
        raise Refused(
            "this API key is not known or was revoked",
            status=HTTPStatus.UNAUTHORIZED,
            code=ProblemCode.KEY_UNKNOWN,
        )
    state = request.scope["state"]
    limits.client(rt, given.hex(), state.setdefault(ANSWER_HEADERS, []))
    await _check_expiry(rt, given, found)
    check_scope(found.scopes, request.method, request.scope["path"])
    state[CLIENT], state[SCOPES] = found.client, found.scopes
    return found.client


async def _check_expiry(rt: Runtime, digest: bytes, key: KeyInUse) -> None:
    now = rt.clock.now()
    if key.expires_at is not None and key.expires_at <= now:
        raise Refused(
            f"this API key expired at {key.expires_at:%Y-%m-%d %H:%M} UTC; ask the operator for a "
            "new one",
            status=HTTPStatus.UNAUTHORIZED,
            code=ProblemCode.KEY_EXPIRED,
        )
    if key.used_at is None or abs(now - key.used_at) > _USE_NOTED:
        await api_keys.note_use(rt.db, digest, now)


def check_may_spend(request: Request) -> None:
    """Raise Refused with 403 for a key that may not commit money, whatever the address needs.

    It is for a request that commits money in some states only, such as tasks for a running batch.
    """
    check_held(request.scope["state"].get(SCOPES, frozenset()), KeyScope.MONEY_WRITE)


async def client_of(request: Request) -> ClientId:
    """Return the client whose key the entrance has checked.

    Raises Refused with 401 when there was no such check.
    """
    found = request.scope["state"].get(CLIENT)
    if found is None:
        raise Refused("send your API key as `Authorization: Bearer <key>`", status=401)
    return cast("ClientId", found)


Client = Annotated[ClientId, Depends(client_of)]
