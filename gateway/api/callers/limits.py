"""The rate limits of requests, with one bucket per API key and one per address without a known key.

An IPv6 address counts as its /64 network. Buckets hold a minute's worth and fill evenly. Each
process has its own, so several API processes count separately. Providers' webhooks have no limit,
because their events must be taken.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field

from fastapi import Request

from gateway.api.callers.addresses import UNKNOWN, group
from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.steps.runtime import Runtime

# The number of keys and addresses that are remembered. The one that was quiet for longest is
# forgotten first.
REMEMBERED_MAX = 10_000


class TooOften(Refused):
    """A refusal with HTTP 429. The caller may come again after `again_s` seconds."""

    def __init__(self, message: str, again_s: float) -> None:
        self.again_s = math.ceil(again_s)
        super().__init__(
            f"{message}; try again in {self.again_s} s",
            status=429,
            code=ProblemCode.RATE_LIMITED,
        )


@dataclass(slots=True)
class Buckets:
    """Token buckets by name.

    >>> buckets = Buckets()
    >>> [buckets.take("a", 2, now) for now in (0.0, 0.0, 0.0, 30.0, 30.0)]
    [0.0, 0.0, 30.0, 0.0, 30.0]
    """

    _left: OrderedDict[str, tuple[float, float]] = field(
        default_factory=OrderedDict[str, tuple[float, float]]
    )

    def take(self, name: str, per_minute: int, now: float) -> float:
        """Take a token and return 0.0, or return the seconds until there is one.

        A `per_minute` of 0 means no limit.
        """
        if not per_minute:
            return 0.0
        tokens, at = self._left.get(name, (float(per_minute), now))
        # Without this, a clock that was put back would hold up every caller until it is there
        # again.
        since_s = now - at if now >= at else 60.0
        tokens = min(float(per_minute), tokens + since_s * per_minute / 60)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) * 60 / per_minute
        self._left[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        self._left.move_to_end(name)
        if len(self._left) > REMEMBERED_MAX:
            self._left.popitem(last=False)
        return wait_s

    def left(self, name: str, per_minute: int) -> tuple[int, int]:
        """Return the tokens that are left, and the seconds until the bucket is full again.

        >>> buckets = Buckets()
        >>> buckets.take("a", 60, 0.0), buckets.left("a", 60)
        (0.0, (59, 1))
        """
        tokens, _ = self._left.get(name, (float(per_minute), 0.0))
        return int(tokens), math.ceil((per_minute - tokens) * 60 / per_minute)

    def __contains__(self, name: object) -> bool:
        return name in self._left


class RequestLimits:
    """The rate limits of one API process."""

    def __init__(self) -> None:
        self._keys, self._strangers = Buckets(), Buckets()

    def stranger(self, rt: Runtime, request: Request, key: str = "") -> None:
        """Count a request without a known key. Raises TooOften.

        A caller whose key was verified before is not held up by its neighbours.
        """
        if key and key in self._keys:
            return
        address = group(request.client.host) if request.client else UNKNOWN
        now, most = rt.clock.now().timestamp(), rt.settings.strangers_per_minute
        if wait_s := self._strangers.take(address, most, now):
            raise TooOften(f"more than {most} requests per minute without a known API key", wait_s)

    def client(self, rt: Runtime, key: str, headers: list[tuple[bytes, bytes]]) -> None:
        """Count a request with a verified key, and add the headers about its limit.

        Raises TooOften.
        """
        now, most = rt.clock.now().timestamp(), rt.settings.requests_per_minute
        wait_s = self._keys.take(key, most, now)
        if most:
            headers.extend(_about(most, *self._keys.left(key, most)))
        if wait_s:
            raise TooOften(f"more than {most} requests per minute", wait_s)


def _about(most: int, left: int, reset_s: int) -> list[tuple[bytes, bytes]]:
    """Return the headers about a limit.

    `RateLimit` and `RateLimit-Policy` have the form of draft-ietf-httpapi-ratelimit-headers since
    its version 8, and the other three that of its versions before 7, which most clients read.

    >>> [f"{name.decode()}: {value.decode()}" for name, value in _about(60, 59, 1)][:2]
    ['ratelimit-policy: "key";q=60;w=60', 'ratelimit: "key";r=59;t=1']
    """
    told = {
        "ratelimit-policy": f'"key";q={most};w=60',
        "ratelimit": f'"key";r={left};t={reset_s}',
        "ratelimit-limit": str(most),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(reset_s),
    }
    return [(name.encode(), value.encode()) for name, value in told.items()]
