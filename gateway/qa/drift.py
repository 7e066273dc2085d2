"""Is a worker getting worse? A running sum that forgets good days and adds up bad ones.

Page's CUSUM ("Continuous inspection schemes", 1954): the log-likelihood ratio of "has fallen by
`FALL`" against "is as good as ever", never below zero. It is one number per worker and kind, kept
with the skill, and each gold or well-settled answer moves it.
"""

from math import log

from gateway.qa.skill import Skill

FALL = 0.25  # of the share of right answers: the decline to be noticed
# A steady worker of .85 comes to it once in a thousand gold answers, one who fell to .6 after 23.
ALARM = 4.0
RIGHT_MIN, RIGHT_MAX = 0.05, 0.97


def after(drift: float, skill: Skill, *, right: bool, weight: float = 1.0) -> float:
    """The sum after one more answer of a worker whose skill was `skill` before it.

    `weight` is 1 for gold, less for an answer that was only found right or wrong by others.

    >>> after(0.0, Skill(), right=True), round(after(0.0, Skill(), right=False), 2)
    (0.0, 0.69)
    """
    usual = min(max(skill.mean, FALL + RIGHT_MIN), RIGHT_MAX)
    fallen = usual - FALL
    step = log(fallen / usual) if right else log((1.0 - fallen) / (1.0 - usual))
    return max(0.0, drift + weight * step)


def drifting(drift: float) -> bool:
    """Whether the decline is beyond bad luck: more gold, and a person may want to ask why."""
    return drift >= ALARM
