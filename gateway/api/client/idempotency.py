"""The answers of a client's changing requests, which the entrance can repeat.

`gateway/api/contract/repeats.py` keeps the answer to every request with an `Idempotency-Key`.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from gateway.api.contract.repeats import SECRET_ANSWER
from gateway.base.ids import ClientId
from gateway.steps.runtime import Runtime


async def once(
    rt: Runtime,
    client: ClientId,
    request: Request,
    status: int,
    made: Callable[[], Awaitable[bytes]],
    *,
    secret: bool = False,
) -> Response:
    """Run `made` and return its JSON body as the answer.

    The answer is kept for the request's `Idempotency-Key`; one that holds a `secret` is kept
    sealed.
    """
    if secret:
        request.scope["state"][SECRET_ANSWER] = True
    return Response(await made(), status_code=status, media_type="application/json")
