"""The pace of a channel in segments: at most its limit in any one second, as seen by the provider.

The gateway knows when a call began and when it was answered; the call arrived between these times.
A segment counts against the limit from its beginning until one second after the latest time at
which it can have arrived. That time is its answer's, less the duration that every answer takes
anyway. This duration is the quickest of many answers less `_SURE_S`, so that for a provider near by
the full time is waited for.

A call that is late, for any reason, therefore delays the calls after it and never adds up with
them. There is no burst: calls begin evenly, a little faster than the limit, so that lost time is
made good.

This module is pure: the caller passes the time, in seconds of any clock that does not jump.
"""

from collections import deque
from dataclasses import dataclass, field
from math import ceil, inf

WINDOW_S = 1.0
# This part of the quickest answer's duration is not trusted. Before `_MANY` answers none of it is
# trusted.
_SURE_S = 0.015
_MANY = 20
# An answer that takes longer is not waited for: the provider received the message long ago, or
# never will.
_ANSWER_S = 5.0
_CATCH_UP = 1.05


@dataclass(slots=True)
class SentBurst:
    """The segments that went out together."""

    segments: int
    """The number of segments."""
    began_at: float
    """The time at which the call began."""
    arrived_by: float = inf
    """The latest time at which the segments can have arrived; inf while it is unknown."""


@dataclass(slots=True)
class Pace:
    """The pace of one channel; `limit` is in segments per second."""

    limit: int
    _calls: deque[SentBurst] = field(default_factory=deque[SentBurst])
    _quickest_s: float = inf
    _answers: int = 0
    _next_at: float = -inf

    def wait_s(self, now: float, segments: int) -> float:
        """Return the seconds that `segments` must wait; 0 when they may go.

        Where this depends on an answer, return a short time.
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

    def begin(self, now: float, segments: int) -> SentBurst:
        """Record that `segments` go out now. Call `wait_s` first."""
        call = SentBurst(segments, now)
        self._calls.append(call)
        spacing_s = segments / (self.limit * _CATCH_UP)
        self._next_at = max(self._next_at, now) + spacing_s
        return call

    def answered(self, call: SentBurst, now: float) -> None:
        """Record that a call was answered now, which limits the time of its arrival."""
        took_s = now - call.began_at
        self._quickest_s = min(self._quickest_s, took_s)
        self._answers += 1
        call.arrived_by = max(call.began_at, now - self._usual_s())

    def memory(self, now: float) -> list[tuple[float, int]]:
        """Return the data that the next sending process needs.

        Each pair holds the seconds from `now` until segments leave the window, and the number of
        these segments.
        """
        self._forget(now)
        return [(leaves_at - now, each) for leaves_at, each in self._window(now)]

    def recall(self, now: float, memory: list[tuple[float, int]]) -> None:
        """Take over from the process that sent before; `memory` is relative to `now`."""
        for leaves_in_s, segments in sorted(memory):
            at = now + leaves_in_s - WINDOW_S
            self._calls.append(SentBurst(segments, at, at))

    def full(self, now: float) -> None:
        """Take over from an unknown process, which may have just used the whole limit."""
        self._calls.append(SentBurst(self.limit, now, now))

    def _forget(self, now: float) -> None:
        while self._calls and self._last_leaves_at(self._calls[0], now) <= now:
            self._calls.popleft()

    def _last_leaves_at(self, call: SentBurst, now: float) -> float:
        return self._arrived_by(call, now) + WINDOW_S * max(1, ceil(call.segments / self.limit))

    def _window(self, now: float) -> list[tuple[float, int]]:
        """Return the times at which segments leave the window, each with the number of segments.

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

    def _arrived_by(self, call: SentBurst, now: float) -> float:
        """Return the latest time at which the call can have arrived.

        A call without an answer may arrive right now.
        """
        if call.arrived_by != inf:
            return call.arrived_by
        if now - call.began_at > _ANSWER_S:
            return call.began_at + _ANSWER_S
        return max(call.began_at, now - self._usual_s())

    def _usual_s(self) -> float:
        """Return the duration of every answer, which says nothing about the arrival of its call."""
        return max(0.0, self._quickest_s - _SURE_S) if self._answers >= _MANY else 0.0
