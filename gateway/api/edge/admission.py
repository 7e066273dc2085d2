"""The decision about which phones are admitted when more call than can be answered in time.

A USSD step waits for one of the turns that the database gives this process. The wait is predicted
from the recent duration of steps and the number in progress. A step that would wait longer than
`ussd_wait_s` gets a polite screen at once instead. Nothing else is configured, because a slower
database or a busier machine shows in the duration of the steps.

A rush (more than `_RUSH` steps per turn) is predicted more strictly. In calm times the duration of
one step says nothing about many at a time: they share the processors with each other and with the
other webhook processes. So only `at_once` steps are assumed to make progress together, until their
durations correct that. A late event loop counts as a wait as well, which no step shows: calls that
arrive now stand in the kernel's queue until the loop accepts them. The steps that were admitted
before take the processors, so fewer are admitted until the loop is in time again.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

# The weight of the newest step in the moving average of durations.
_WEIGHT = 0.05
# The first guess, before any step was measured.
_SERVICE_S = 0.02
# A new session may wait for half as long as one in progress, so that a worker who has begun can
# finish.
_NEW_PART, _CALM_PART = 0.5, 0.25
_BEHIND_FOR_S = 2.0
# The number of steps per turn from which it is a rush.
_RUSH = 4
# The part of an earlier lateness that counts at the next look.
_LATE_KEPT = 0.5


@dataclass(slots=True)
class Admission:
    """The admission of phones to one process.

    `turns` is the number of steps in progress at a time, `wait_s` the longest wait, and `at_once`
    the number of steps that make progress together (0 for all turns).
    """

    turns: int
    wait_s: float
    clock: Callable[[], float] = time.monotonic
    under_way: int = 0
    turned_away: int = 0
    late_s: float = 0.0
    at_once: float = 0.0
    _service_s: float = _SERVICE_S
    _alone_s: float = _SERVICE_S
    _behind_until: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.at_once = self.at_once or self.turns

    def expected_s(self) -> float:
        """Return the expected duration of a step that arrives now, including its wait."""
        usual_s = self._service_s * (1 + self.under_way / self.turns)
        if self.under_way < self.turns * _RUSH:
            return usual_s
        return max(usual_s, self.late_s + self._alone_s * (1 + self.under_way / self.at_once))

    def note_lateness(self, late_s: float) -> None:
        """Note how late the event loop is. A late moment counts half at the next one."""
        self.late_s = max(late_s, self.late_s * _LATE_KEPT, 0.0)

    def admits(self, *, new: bool) -> bool:
        """Return whether a step is admitted. `new` says that it begins a session.

        While a turn is free, every step is admitted.
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
        """Return whether a session that begins now would be turned away."""
        return self.under_way >= self.turns and self.expected_s() > self.wait_s * _NEW_PART

    @property
    def calm(self) -> bool:
        """Return whether an SMS may be processed now without making a dialling worker wait.

        If not, the SMS is stored first.
        """
        if self.under_way < self.turns or self.expected_s() <= self.wait_s * _CALM_PART:
            return True
        self._behind_until = self.clock() + _BEHIND_FOR_S
        return False

    @property
    def behind(self) -> bool:
        """Return whether phones had to wait, or were turned away, a moment ago.

        All other work must rest then.
        """
        return self.clock() < self._behind_until

    @contextmanager
    def taken(self) -> Generator[None]:
        """Count a step, or an SMS in progress, while the block runs."""
        began, before = self.clock(), self.under_way
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
            took_s = self.clock() - began
            self._service_s += _WEIGHT * (took_s / (1 + before / self.turns) - self._service_s)
            self._alone_s += _WEIGHT * (took_s / (1 + before / self.at_once) - self._alone_s)
