"""The gold: what a worker's answers to tasks with a known truth say, and when the next one is due.

A standing is advice to the operators of the gateway and to allocation. It never takes back money.
`PAUSED` needs evidence that chance alone gives to one good worker in twenty at most.
"""

from enum import StrEnum
from math import floor, sqrt

from gateway.qa.skills.drift import ALARM
from gateway.qa.skills.skill import Skill

ENTRY_GOLD = 5  # The answers that are needed before a worker is judged at all.
BAR = 0.7  # The share of gold that a worker should get right.
Z = 1.645  # This is one-sided 95 %.
DOUBT_STEP = 0.1  # A worker gets the base rate once for every such amount of doubt.
# A worker at the alarm of `gateway.qa.skills.drift` gets this multiple of the rate in addition.
DRIFT_FACTOR = 3.0
GOLD_SHARE_MAX = 0.5  # The greatest share of gold among a worker's answers.


class Standing(StrEnum):
    """The result of a worker's gold at one kind of task."""

    NEW = "new"  # There is too little gold.
    TRUSTED = "trusted"
    # The share is under the bar, perhaps by bad luck: more gold, fewer tasks.
    DOUBTFUL = "doubtful"
    PAUSED = "paused"  # The share is under the bar beyond bad luck: an operator should look.


def standing(right: int, wrong: int) -> Standing:
    """Judge gold answers found right and wrong.

    >>> [standing(right, 5 - right).value for right in (5, 4, 3, 2, 1)]
    ['trusted', 'trusted', 'doubtful', 'doubtful', 'paused']
    """
    if right + wrong < ENTRY_GOLD:
        return Standing.NEW
    if right >= BAR * (right + wrong):
        return Standing.TRUSTED
    return Standing.DOUBTFUL if _upper(right, right + wrong) >= BAR else Standing.PAUSED


def entry_gold_for(entry_gold: int, *, carded: bool) -> int:
    """Return the entry gold of a worker. A skill card takes the place of at least 80 % of it.

    >>> entry_gold_for(5, carded=False), entry_gold_for(5, carded=True)
    (5, 1)
    """
    return entry_gold // 5 if carded else entry_gold


def gold_due(answered: int, gold_seen: int, skill: Skill, rate: float, drift: float = 0.0) -> bool:
    """Return True when a worker's next task should be gold.

    `answered` counts all answers so far, gold included. `rate` is the share of gold among the
    answers of a worker known to be good. It is multiplied by doubt, the distance of the skill's
    lower bound from perfect. A new worker gets about five times the rate, and a proven one the
    rate. `drift` (see `gateway.qa.skills.drift`) multiplies it too: at its alarm the rate is four
    times what it was.

    >>> gold_due(4, 0, Skill(), 0.05), gold_due(4, 0, Skill(right=190, wrong=10), 0.05)
    (True, False)
    """
    return gold_seen < floor(gold_share(skill, rate, drift) * (answered + 1))


def gold_share(skill: Skill, rate: float, drift: float = 0.0) -> float:
    """Return the share of gold among a worker's answers.

    >>> round(gold_share(Skill(), 0.05), 3), round(gold_share(Skill(190, 10), 0.05), 3)
    (0.244, 0.042)
    """
    doubt = max(0.5, (1.0 - skill.lower) / DOUBT_STEP) * (1.0 + DRIFT_FACTOR * drift / ALARM)
    return min(GOLD_SHARE_MAX, rate * doubt)


def _upper(right: int, seen: int) -> float:
    """Return the upper end of the Wilson interval of a share (Wilson 1927), one-sided 95 %."""
    share, z2 = right / seen, Z * Z
    spread = Z * sqrt(share * (1.0 - share) / seen + z2 / (4.0 * seen * seen))
    return (share + z2 / (2.0 * seen) + spread) / (1.0 + z2 / seen)
