"""The further answers by which a running batch keeps its promise, within the quoted maximum."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

ROUND_SHARE = 0.2
"""The greatest share of the tasks that is asked again in one round, before the next estimate."""


@dataclass(frozen=True, slots=True)
class EstimatedTask:
    """A decided task by the estimate of the whole batch."""

    task: str
    """The client's id for the task."""
    confidence: float
    """The calibrated confidence of its value."""
    slots_left: int
    """The answers that may still be paid for."""


def more_for_promise(tasks: Sequence[EstimatedTask], target: float) -> list[str]:
    """Return the tasks that get one more answer each, the least confident first.

    There is none when the mean confidence, which is the expected accuracy, reaches the target, or
    when no doubtful task has a slot left.

    >>> asked = (("a", 0.99, 2), ("b", 0.6, 2), ("c", 0.7, 0))
    >>> tasks = [EstimatedTask(*one) for one in asked]
    >>> more_for_promise(tasks, 0.9), more_for_promise(tasks, 0.7)
    (['b'], [])
    """
    if not tasks or fmean(one.confidence for one in tasks) >= target:
        return []
    doubtful = [one for one in tasks if one.confidence < target and one.slots_left > 0]
    doubtful.sort(key=lambda one: (one.confidence, one.task))
    return [one.task for one in doubtful[: ceil(ROUND_SHARE * len(tasks))]]
