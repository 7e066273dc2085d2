"""Who is taken in when more phones come than can be answered in time.

A USSD step waits for one of the turns that the database gives this process. How long it will wait
is predicted from what steps took lately and how many are under way; who would wait longer than
`ussd_wait_s` gets a polite screen at once instead. Nothing is configured but that wait: a slower
database, or a busier machine, shows in what steps take.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

# The newest step counts for so much of what steps take.
_WEIGHT = 0.05
# A first guess, before any step was measured.
_SERVICE_S = 0.02
# A new session may wait for half as long as one that is under way: who has begun shall finish.
_NEW_PART, _CALM_PART = 0.5, 0.25
_BEHIND_FOR_S = 2.0


@dataclass(slots=True)
class Admission:
    """The phones of one process.

    `turns`: how many are worked on at the same moment; `wait_s`: the longest wait.
    """

    turns: int
    wait_s: float
    clock: Callable[[], float] = time.monotonic
    under_way: int = 0
    turned_away: int = 0
    _service_s: float = _SERVICE_S
    _behind_until: float = field(default=0.0)

    def expected_s(self) -> float:
        """Return how long a step that comes now is expected to take, its wait included."""
        return self._service_s * (1 + self.under_way / self.turns)

    def admits(self, *, new: bool) -> bool:
        """Whether a step is taken in.

        `new`: it begins a session. While a turn is free, everybody is.
        """
        if self.under_way < self.turns:
            return True
        if self.expected_s() <= self.wait_s * (_NEW_PART if new else 1.0):
            return True
        self.turned_away += 1
        self._behind_until = self.clock() + _BEHIND_FOR_S
        return False

    @property
    def crowded(self) -> bool:
        """Whether a session that begins now would be turned away."""
        return self.under_way >= self.turns and self.expected_s() > self.wait_s * _NEW_PART

    @property
    def calm(self) -> bool:
        """Whether an SMS may be worked on now without making a dialling worker wait; else it is stored first."""
        if self.under_way < self.turns or self.expected_s() <= self.wait_s * _CALM_PART:
            return True
        self._behind_until = self.clock() + _BEHIND_FOR_S
        return False

    @property
    def behind(self) -> bool:
        """Whether phones had to wait, or were turned away, a moment ago: everything else is to rest."""
        return self.clock() < self._behind_until

    @contextmanager
    def taken(self) -> Generator[None]:
        """Count a step, or an SMS that is worked on, while the block runs."""
        began, before = self.clock(), self.under_way
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            took_s = (self.clock() - began) / (1 + before / self.turns)
            self._service_s += _WEIGHT * (took_s - self._service_s)
