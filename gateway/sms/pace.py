"""How fast a channel may send, in segments: at most its limit in any one second, seen from the provider.

We know when a call began and when it was answered; it arrived somewhere between. So a segment counts against the limit
from its beginning until one second after the latest moment at which it can have arrived: one second after its answer,
less what every answer takes anyway (the quickest one of many, and `_SURE_S` less than that: a provider near by is waited
for in full). A call that is late, for whatever reason, so delays what comes after it, and never adds up
with it. There is no burst: calls begin evenly, a little faster than the limit, so that lost time is made good.

Pure: the time is handed in, in seconds of any clock that does not jump.
"""

from collections import deque
from dataclasses import dataclass, field
from math import ceil, inf

WINDOW_S = 1.0
# Of the quickest answer's time this much is not trusted; and before so many answers none of it.
_SURE_S = 0.015
_MANY = 20
# An answer that takes longer than this is not waited for: the provider had the message long ago, or
# never gets it.
_ANSWER_S = 5.0
_CATCH_UP = 1.05


@dataclass(slots=True)
class Call:
    """Segments that went out together.

    `arrived_by`: when they had arrived at the latest; inf while nobody knows.
    """

    segments: int
    began_at: float
    arrived_by: float = inf


@dataclass(slots=True)
class Pace:
    """The pace of one channel; `limit` is in segments a second."""

    limit: int
    _calls: deque[Call] = field(default_factory=deque[Call])
    _quickest_s: float = inf
    _answers: int = 0
    _next_at: float = -inf

    def wait_s(self, now: float, segments: int) -> float:
        """How long `segments` must wait from now; 0 when they may go.

        Where that hangs on an answer, a short time.
        """
        self._forget(now)
        window = self._window(now)
        wanted = min(segments, self.limit)
        used = sum(each for _, each in window)
        wait_s = max(0.0, self._next_at - now)
        for leaves_at, each in sorted(window):
            if used + wanted <= self.limit:
                break
            used -= each
            wait_s = max(wait_s, leaves_at - now)
        return wait_s

    def begin(self, now: float, segments: int) -> Call:
        """They go out now: ask `wait_s` first."""
        call = Call(segments, now)
        self._calls.append(call)
        spacing_s = segments / (self.limit * _CATCH_UP)
        self._next_at = max(self._next_at, now) + spacing_s
        return call

    def answered(self, call: Call, now: float) -> None:
        took_s = now - call.began_at
        self._quickest_s = min(self._quickest_s, took_s)
        self._answers += 1
        call.arrived_by = max(call.began_at, now - self._usual_s())

    def memory(self, now: float) -> list[tuple[float, int]]:
        """What whoever sends next must know: seconds from now until segments leave the window, and how many."""
        self._forget(now)
        return [(leaves_at - now, each) for leaves_at, each in self._window(now)]

    def recall(self, now: float, memory: list[tuple[float, int]]) -> None:
        """Take over from whoever sent before; `memory` as of now."""
        for leaves_in_s, segments in sorted(memory):
            at = now + leaves_in_s - WINDOW_S
            self._calls.append(Call(segments, at, at))

    def full(self, now: float) -> None:
        """Take over from somebody of whom nothing is known: all that was allowed has just gone out."""
        self._calls.append(Call(self.limit, now, now))

    def _forget(self, now: float) -> None:
        while self._calls and self._last_leaves_at(self._calls[0], now) <= now:
            self._calls.popleft()

    def _last_leaves_at(self, call: Call, now: float) -> float:
        return self._arrived_by(call, now) + WINDOW_S * max(1, ceil(call.segments / self.limit))

    def _window(self, now: float) -> list[tuple[float, int]]:
        """When segments leave the window, and how many.

        A message above the limit fills as many seconds as it needs.
        """
        found: list[tuple[float, int]] = []
        for call in self._calls:
            arrived_by, left, leaves_at = self._arrived_by(call, now), call.segments, WINDOW_S
            while left > 0:
                if arrived_by + leaves_at > now:
                    found.append((arrived_by + leaves_at, min(left, self.limit)))
                left -= self.limit
                leaves_at += WINDOW_S
        return found

    def _arrived_by(self, call: Call, now: float) -> float:
        """Of a call without an answer yet: it is as long under way as it has been, and may arrive right now."""
        if call.arrived_by != inf:
            return call.arrived_by
        if now - call.began_at > _ANSWER_S:
            return call.began_at + _ANSWER_S
        return max(call.began_at, now - self._usual_s())

    def _usual_s(self) -> float:
        """What every answer takes, and so says nothing about when its call arrived."""
        return max(0.0, self._quickest_s - _SURE_S) if self._answers >= _MANY else 0.0
