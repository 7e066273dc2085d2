"""The open connections of one server: their limits, and the choice of which one must give way.

A connection is a stranger's until it brings a webhook with the right secret. From then on it is a
phone's. Strangers never get the places that are reserved for phones. When all places are taken, the
stranger that has waited longest without finishing a request must go. An honest caller sends its
request at once, so it finds a place behind the same address as a thousand slow ones. The limit per
address never closes a new connection, because a carrier may open hundreds in one moment.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from gateway.api.callers.addresses import group, is_trusted
from gateway.settings import DoorLimits
from gateway.settings.limits import IpNetwork

# A younger connection has hardly had the time to send its request, on a busy day.
YOUNG_S = 3.0


class Closable(Protocol):
    """A connection that can be asked to close."""

    def give_way(self, text: str, setting: str) -> None:
        """Close, and give the reason if an answer is awaited."""
        ...


class _State(Enum):
    WAITING = "for a request or the rest of one"
    BUSY = "a request is worked on"
    CLOSED = "it counts no more"


@dataclass(slots=True, eq=False)
class OpenConnection:
    """The record of one open connection."""

    owner: Closable
    address: str
    phone: bool
    state: _State = _State.WAITING
    since: float = 0.0


_Lines = OrderedDict[OpenConnection, None]


@dataclass
class ConnectionTable:
    """The records of all connections of one server process.

    `most` is the number of connections that the system's limit of open files allows.
    """

    limits: DoorLimits
    proxies: tuple[IpNetwork, ...] = ()
    most: int = 1_000_000
    now: Callable[[], float] = time.monotonic
    _open: int = 0
    _strangers: int = 0
    _of_address: dict[str, int] = field(default_factory=dict[str, int])
    _waiting: _Lines = field(default_factory=_Lines)
    _waiting_at: dict[str, _Lines] = field(default_factory=dict[str, _Lines])
    _waiting_phones: _Lines = field(default_factory=_Lines)

    def __len__(self) -> int:
        return self._open

    @property
    def total(self) -> int:
        """Return the highest number of connections."""
        return min(self.limits.connections, self.most)

    @property
    def for_strangers(self) -> int:
        """Return the highest number of strangers' connections.

        It is at least half of all, where the system allows only few.
        """
        reserved = min(self.limits.connections_reserved, self.total // 2)
        return self.total - reserved

    def opened(self, owner: Closable, host: str) -> OpenConnection | None:
        """Return the record of a new connection, or None when no place is free or gives way."""
        if not host or is_trusted(
            host,
            self.proxies,
            # Without a host it came over a Unix socket, so from a process of this gateway.
        ):
            line = OpenConnection(owner, group(host), phone=True)
            room = self._room_in_total()
        else:
            line = OpenConnection(owner, group(host), phone=False)
            self._make_room_at(line.address)
            room = self._room_for_strangers() and self._room_in_total()
        if not room:
            return None
        self._open += 1
        if not line.phone:
            self._count_stranger(line.address, 1)
        self._note_waiting(line)
        return line

    def busy(self, line: OpenConnection) -> None:
        """Note that a request is in progress. Such a connection is not closed for another."""
        if line.state is _State.CLOSED:
            return
        self._forget_waiting(line)
        line.state = _State.BUSY

    def waiting(self, line: OpenConnection) -> None:
        """Note that the connection waits for its caller."""
        if line.state is _State.BUSY:
            self._note_waiting(line)

    def proven(self, line: OpenConnection) -> None:
        """Note that the connection brought a webhook with the right secret."""
        if line.phone or line.state is _State.CLOSED:
            return
        waits = line.state is _State.WAITING
        self._forget_waiting(line)
        self._count_stranger(line.address, -1)
        line.phone = True
        if waits:
            self._note_waiting(line)

    def closed(self, line: OpenConnection) -> None:
        """Note that the connection is closed. Repeated calls change nothing more."""
        if line.state is _State.CLOSED:
            return
        self._forget_waiting(line)
        line.state = _State.CLOSED
        self._open -= 1
        if not line.phone:
            self._count_stranger(line.address, -1)

    def _make_room_at(self, address: str) -> None:
        most, old = self.limits.connections_per_address, self.now() - YOUNG_S
        text = f"more than {most} connections from this address"
        while self._of_address.get(address, 0) >= most:
            lines = self._waiting_at.get(address)
            if not lines or next(iter(lines)).since > old:
                return
            self._one_goes(lines, text, "limits.connections_per_address")

    def _room_for_strangers(self) -> bool:
        if self._strangers < self.for_strangers:
            return True
        text = f"more than {self.for_strangers} connections"
        return self._one_goes(self._waiting, text, "limits.connections")

    def _room_in_total(self) -> bool:
        if self._open < self.total:
            return True
        text = f"more than {self.total} connections"
        return self._one_goes(self._waiting, text, "limits.connections") or self._one_goes(
            self._waiting_phones, text, "limits.connections"
        )

    def _one_goes(self, lines: _Lines | None, text: str, setting: str) -> bool:
        if not lines:
            return False
        longest = next(iter(lines))
        longest.owner.give_way(text, setting)
        self.closed(longest)
        return True

    def _count_stranger(self, address: str, more: int) -> None:
        self._strangers += more
        left = self._of_address.get(address, 0) + more
        if left:
            self._of_address[address] = left
        else:
            self._of_address.pop(address, None)

    def _note_waiting(self, line: OpenConnection) -> None:
        line.state, line.since = _State.WAITING, self.now()
        if line.phone:
            self._waiting_phones[line] = None
        else:
            self._waiting[line] = None
            self._waiting_at.setdefault(line.address, _Lines())[line] = None

    def _forget_waiting(self, line: OpenConnection) -> None:
        self._waiting_phones.pop(line, None)
        self._waiting.pop(line, None)
        there = self._waiting_at.get(line.address)
        if there is not None:
            there.pop(line, None)
            if not there:
                del self._waiting_at[line.address]
