"""The priority of phones over clients.

A client can come again in some seconds, but an interrupted call is over.
"""

from gateway.api.callers.auth import Rt
from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode

AGAIN_S = 5


class PhonesFirst(Refused):
    """A refusal with HTTP 503 and `Retry-After`."""

    def __init__(self) -> None:
        self.again_s = AGAIN_S
        super().__init__(
            f"more phones call than can be answered, and they come first; nothing was done: try again in {AGAIN_S} s",
            status=503,
            code=ProblemCode.PHONES_FIRST,
        )


async def let_phones_first(rt: Rt) -> None:
    """Raise PhonesFirst while phones have to wait."""
    if await rt.pressure.phones_wait():
        raise PhonesFirst
