"""The lessons of a pilot, from its tasks. It is pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.store.batches.pilots import PilotTask

CONFUSING_MAX: Final = 5
_AGREED: Final = 0.67
"""The share of equal answers below which workers did not agree on a task."""


@dataclass(frozen=True, slots=True)
class Confusing:
    """A text that confused workers."""

    task: str
    text: str
    agreement: float
    skipped: int
    unclear: int


@dataclass(frozen=True, slots=True)
class Learnt:
    """The result of a pilot, with projections to the whole batch."""

    tasks: int
    answers: int
    answers_per_task: float
    agreement: float
    """The mean share of the answers of a task that are equal to its most frequent one."""
    skipped: int
    unclear: int
    """The replies that were not understood."""
    seconds: float
    """The time from the start to the last answer of the pilot."""
    tasks_left: int
    answers_projected: int
    """The answers of the whole batch at this rate, the pilot's included."""
    seconds_projected: float
    """The time of the tasks that are left, at the pilot's pace."""
    confusing: tuple[Confusing, ...]
    """The texts that confused workers most."""


def learnt(tasks: Sequence[PilotTask], *, left: int, seconds: float) -> Learnt:
    """Return what the tasks of a pilot teach.

    >>> plain = PilotTask("1", "Is it open?", answers=3, agreeing=3, skipped=0, unclear=0)
    >>> split = PilotTask("2", "Is it not shut?", answers=4, agreeing=2, skipped=1, unclear=1)
    >>> found = learnt([plain, split], left=8, seconds=60.0)
    >>> found.answers_per_task, found.agreement, found.answers_projected, found.seconds_projected
    (3.5, 0.75, 35, 240.0)
    >>> [one.task for one in found.confusing]
    ['2']
    """
    number, answers = len(tasks), sum(one.answers for one in tasks)
    each = answers / number if number else 0.0
    shares = [one.agreeing / one.answers for one in tasks if one.answers]
    return Learnt(
        tasks=number,
        answers=answers,
        answers_per_task=round(each, 2),
        agreement=round(sum(shares) / len(shares), 3) if shares else 0.0,
        skipped=sum(one.skipped for one in tasks),
        unclear=sum(one.unclear for one in tasks),
        seconds=round(seconds, 1),
        tasks_left=left,
        answers_projected=answers + round(each * left),
        seconds_projected=round(seconds * left / number, 1) if number else 0.0,
        confusing=_confusing(tasks),
    )


def _confusing(tasks: Sequence[PilotTask]) -> tuple[Confusing, ...]:
    def share(one: PilotTask) -> float:
        return one.agreeing / one.answers if one.answers else 1.0

    found = [one for one in tasks if share(one) < _AGREED or one.skipped or one.unclear]
    found.sort(key=lambda one: (share(one), -one.unclear - one.skipped))
    return tuple(
        Confusing(one.name, one.text, round(share(one), 3), one.skipped, one.unclear)
        for one in found[:CONFUSING_MAX]
    )
