"""The network between the adapters and the operators, with its faults (`Rates`), times a factor.

`Wires` looks like the part of `aiohttp.ClientSession` that `base/net/outbound.py` uses. The faults
are aiohttp's own exceptions, so what the adapters make of them is what they make of real ones.
"""

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_reqrep import ConnectionKey

_KEY = ConnectionKey(
    "operator", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)


@dataclass(frozen=True)
class Rates:
    """Shares of requests, callbacks and steps that a fault strikes."""

    lost_request: float = 0.03
    lost_answer: float = 0.05
    server_error: float = 0.04
    lost_callback: float = 0.10
    doubled_callback: float = 0.05
    forged_callback: float = 0.02
    crash: float = 0.03
    not_connected: float = 0.01
    late_request: float = 0.25
    """The share of the lost requests that arrive after all, minutes later."""

    def times(self, factor: float) -> "Rates":
        struck = ("lost_request", "lost_answer", "server_error", "lost_callback", "doubled_callback", "forged_callback",
                  "crash", "not_connected")  # fmt: skip
        return Rates(**{name: getattr(self, name) * factor for name in struck})


class Operator(Protocol):
    """A provider in the proof: it brings its own books, and answers in its own wire format."""

    name: str
    """The provider's name in the gateway's settings."""

    def serve(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]: ...

    def paid(self) -> Mapping[str, tuple[int, int, str]]:
        """Return every key that was ever executed.

        Its value is how often, how much in all (minor units), and the last receipt.
        """
        ...

    def fees_minor(self) -> int: ...


@dataclass(order=True)
class Later:
    at: float
    n: int
    act: Callable[[], None] = field(compare=False)


@dataclass
class World:
    """Time in seconds, dice, and what is still to happen outside the gateway."""

    dice: random.Random
    rates: Rates
    now: float
    to_come: list[Later] = field(default_factory=list)
    callbacks: list[tuple[str, bytes]] = field(default_factory=list)
    """(token of the path, body): arrived, not yet read."""
    counts: dict[str, int] = field(default_factory=dict)
    _n: itertools.count = field(default_factory=itertools.count)

    def strikes(self, rate: str) -> bool:
        hit = self.dice.random() < getattr(self.rates, rate)
        if hit:
            self.counts[rate] = self.counts.get(rate, 0) + 1
        return hit

    def later(self, in_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.to_come, Later(self.now + in_s, next(self._n), act))

    def moves_to(self, now: float) -> None:
        """Everything that happens outside until `now`, in order."""
        while self.to_come and self.to_come[0].at <= now:
            one = heapq.heappop(self.to_come)
            self.now = max(self.now, one.at)
            one.act()
        self.now = max(self.now, now)

    def tells(self, url: str, body: bytes, forged: bytes | None = None) -> None:
        """A callback on its way, with what may become of it."""
        token = url.rpartition("/")[2]
        if forged is not None and self.strikes("forged_callback"):
            self.callbacks.append((token, forged))
        if self.strikes("lost_callback"):
            return
        self.callbacks.append((token, body))
        if self.strikes("doubled_callback"):
            self.later(self.dice.uniform(0, 600), lambda: self.callbacks.append((token, body)))


class _Content:
    def __init__(self, body: bytes) -> None:
        self._left = body

    async def read(self, most: int) -> bytes:
        part, self._left = self._left[:most], self._left[most:]
        return part


@dataclass
class _Reply:
    status: int
    content: _Content


class Wires:
    """`http` of the adapters. Each host is an operator."""

    def __init__(self, world: World, operators: Mapping[str, Operator]) -> None:
        self._world = world
        self._operators = operators

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: bytes | None = None,
        **_: object,
    ):
        parts, world = urlsplit(url), self._world
        operator = self._operators[parts.hostname or ""]

        def serve() -> tuple[int, bytes]:
            return operator.serve(method, parts.path, headers, data or b"")

        if world.strikes("not_connected"):
            raise aiohttp.ClientConnectorError(_KEY, OSError(111, "refused"))
        if world.strikes("lost_request"):
            if world.dice.random() < world.rates.late_request:
                world.later(world.dice.uniform(1, 400), lambda: void(serve()))
            raise (
                asyncio.TimeoutError
                if world.dice.random() < 0.5
                else aiohttp.ServerDisconnectedError
            )
        if world.strikes("server_error"):
            if world.dice.random() < 0.5:
                serve()
            yield _Reply(
                500,
                _Content(b'{"errorCode":"500.003.1001","errorMessage":"Internal Server Error"}'),
            )
            return
        status, body = serve()
        if world.strikes("lost_answer"):
            raise (
                asyncio.TimeoutError
                if world.dice.random() < 0.5
                else aiohttp.ServerDisconnectedError
            )
        yield _Reply(status, _Content(body))


def void(_: object) -> None:
    """Do nothing: the call is made for its effect only."""
