"""The gold budget of a batch: the gold that its workers will use up, beside the gold that it has.

A worker sees a gold question once. A new worker of a kind begins with entry gold. After that the
share of gold among her answers is `gold_due`'s: the batch's rate times her doubt. A worker who has
seen all gold of the batch is tested no more. So the batch needs as many gold tasks as the worker
with most answers is due, and a certificate needs `GOLD_MIN` gold tasks at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from gateway.qa.confidence.certificate import GOLD_MIN
from gateway.qa.skills.gold import ENTRY_GOLD, gold_share
from gateway.qa.skills.skill import Skill

BUSY = 2.0
"""The answers of a busy worker, in multiples of the mean. Most answers come from few workers."""


@dataclass(frozen=True, slots=True)
class WorkersOfSkill:
    """Some workers of about the same skill."""

    workers: int
    """The number of them."""
    skill: Skill
    """Their evidence."""
    gold: float
    """The gold answers that each has given so far."""


@dataclass(frozen=True, slots=True)
class GoldBudget:
    """The gold that a batch has, the gold that it needs, and the reasons."""

    there: int
    """The gold tasks of the batch."""
    answers: int
    """The gold answers that the present workers will give."""
    needed: int
    """The gold tasks with which no worker runs out of gold."""
    advised: int
    """The gold tasks that are advised."""
    why: str
    """The reason for the advice, as a sentence."""

    @property
    def more(self) -> int:
        """Return how many more gold tasks are advised."""
        return max(0, self.advised - self.there)


def gold_budget(
    there: int,
    crowd: Sequence[WorkersOfSkill],
    answers: int,
    *,
    rate: float,
    entry_gold: int = ENTRY_GOLD,
    certified: int = GOLD_MIN,
) -> GoldBudget:
    """Return the gold budget of a batch that needs `answers` answers of these workers.

    `certified` is the number of gold tasks that a certificate of its accuracy needs.

    >>> crowd = [WorkersOfSkill(10, Skill(), 0.0)]
    >>> budget = gold_budget(12, crowd, 1000, rate=0.05)
    >>> budget.answers, budget.needed, budget.more
    (120, 53, 41)
    """
    workers = sum(group.workers for group in crowd)
    if not rate:
        why = "the batch was made with gold_rate 0, so no gold is asked and nothing checks the results"
        return GoldBudget(there, 0, 0, 0, why)
    each = answers / workers if workers else 0.0
    used, needed = 0.0, 0
    for group in crowd:
        due = _due(group, each, rate, entry_gold)
        used += group.workers * min(due, there)
        needed = max(needed, ceil(_due(group, BUSY * each, rate, entry_gold)))
    needed = needed if workers else entry_gold
    advised = max(needed, certified)
    return GoldBudget(there, round(used), needed, advised, _why(there, needed, certified, workers))


def _due(group: WorkersOfSkill, answers: float, rate: float, entry_gold: int) -> float:
    """Return the gold that a worker of this group is due among her next answers."""
    entry = max(0.0, min(entry_gold - group.gold, answers))
    return entry + gold_share(group.skill, rate) * max(0.0, answers - entry)


def _why(there: int, needed: int, certified: int, workers: int) -> str:
    """Return the reason for the advised number of gold tasks."""
    if not workers:
        return f"no worker may be asked yet; a certificate of the accuracy needs {certified} gold tasks"
    if there >= max(needed, certified):
        return "the gold is enough to test every worker and for a certificate of the accuracy"
    lacks: list[str] = []
    if there < needed:
        lacks.append(
            f"a busy worker is due {needed} gold questions, sees each once, and is tested no more afterwards"
        )
    if there < certified:
        lacks.append(f"a certificate of the accuracy needs {certified} gold tasks")
    return f"there are {there} gold tasks; " + ", and ".join(lacks)
